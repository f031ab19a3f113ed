//! `#[derive(Build)]`: how a host makes a request or a part of the configuration. `new` takes the members that
//! must be given, in their order, and each other member has a setter of its name. So a `#[non_exhaustive]`
//! structure is made in one expression, and a new optional member breaks no host.
//!
//! `packed!`: a file in the library, in less space.

#![forbid(unsafe_code)]

mod packed;

use std::path::Path;
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Error, Field, GenericArgument, Ident, LitStr, PathArguments, Result, Type,
};

/// Writes `new` and the setters. A member may be left out if it is an `Option` or has a default
/// (`#[serde(default)]`, of the member or of all); a member with `#[serde(skip)]` has no setter.
#[proc_macro_derive(Build)]
pub fn build(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    written(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Returns the bytes of a file, packed, as a `&'static [u8]`. The path is relative to the crate's folder.
#[proc_macro]
pub fn packed(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let path = syn::parse_macro_input!(input as LitStr);
    packed_file(&path).unwrap_or_else(Error::into_compile_error).into()
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo names the crate's folder in the environment of the compiler"
)]
fn packed_file(path: &LitStr) -> Result<TokenStream> {
    let failed = |error: &dyn std::fmt::Display| Error::new_spanned(path, error);
    let folder = env::var("CARGO_MANIFEST_DIR").map_err(|error| failed(&error))?;
    let file = Path::new(&folder).join(path.value());
    let packed = packed::packed(&fs::read(&file).map_err(|error| failed(&error))?);
    let bytes = proc_macro2::Literal::byte_string(&packed);
    let file = file.to_str().ok_or_else(|| failed(&"the folder's name is no text"))?;
    // A change of the file compiles the crate anew.
    Ok(quote!({
        const _: &[u8] = ::core::include_bytes!(#file);
        #bytes
    }))
}

/// The types that any text or path is a value of: their members take `impl Into`, so that a host gives `"ada"`.
const OF_ANY_TEXT: [&str; 7] = ["Offered", "On", "PathBuf", "Secret", "String", "Token", "UserAgent"];

fn written(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(input, "only a structure is built"));
    };
    let all_have_defaults = serde_says(&input.attrs, "default")?;
    let mut required = Vec::new();
    let mut optional = Vec::new();
    for field in &data.fields {
        let name = field.ident.as_ref().ok_or(Error::new_spanned(field, "a member without a name"))?;
        let may_be_absent = inner(&field.ty).is_some() || serde_says(&field.attrs, "default")?;
        match all_have_defaults || may_be_absent {
            true => optional.push((name, field)),
            false => required.push((name, field)),
        }
    }

    let parameters = required.iter().map(|(name, field)| {
        let (taken, _) = taken(name, &field.ty);
        quote!(#name: #taken)
    });
    let values = required.iter().map(|(name, field)| {
        let (_, value) = taken(name, &field.ty);
        quote!(#name: #value,)
    });
    let defaults = optional.iter().map(|(name, _)| quote!(#name: ::core::default::Default::default(),));
    let made = match all_have_defaults {
        true => quote!(<Self as ::core::default::Default>::default()),
        false => quote!(Self { #(#values)* #(#defaults)* }),
    };
    let about = match required.len() {
        0 => "Makes it without any of its members; the methods set them.",
        _ => "Makes it of the members that it needs; the methods set the others.",
    };
    let setters =
        optional.into_iter().map(|(name, field)| setter(name, field)).collect::<Result<Vec<_>>>()?;

    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        impl #generics #name #arguments #bounds {
            #[doc = #about]
            #[must_use]
            pub fn new(#(#parameters),*) -> Self {
                #made
            }
            #(#setters)*
        }
    })
}

/// Writes the setter of a member, with the member's description.
fn setter(name: &Ident, field: &Field) -> Result<Option<TokenStream>> {
    if serde_says(&field.attrs, "skip")? {
        return Ok(None);
    }
    let about = field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let (taken, value) = match inner(&field.ty) {
        Some(inner) => {
            let (taken, value) = taken(name, inner);
            (taken, quote!(::core::option::Option::Some(#value)))
        }
        None => taken(name, &field.ty),
    };
    Ok(Some(quote! {
        #(#about)*
        #[must_use]
        pub fn #name(mut self, #name: #taken) -> Self {
            self.#name = #value;
            self
        }
    }))
}

/// Returns what a function takes for a member of this type, and the member's value of it.
fn taken(name: &Ident, of: &Type) -> (TokenStream, TokenStream) {
    let is_of_any_text = match of {
        Type::Path(of) => {
            of.path.segments.last().is_some_and(|last| OF_ANY_TEXT.iter().any(|it| last.ident == it))
        }
        _ => false,
    };
    match is_of_any_text {
        true => (quote!(impl ::core::convert::Into<#of>), quote!(#name.into())),
        false => (quote!(#of), quote!(#name)),
    }
}

/// Returns `T` of `Option<T>`.
fn inner(of: &Type) -> Option<&Type> {
    let Type::Path(of) = of else { return None };
    let last = of.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

/// Returns whether an attribute `#[serde(…)]` has this word.
fn serde_says(attributes: &[Attribute], word: &str) -> Result<bool> {
    let mut says = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| {
            says |= meta.path.is_ident(word);
            if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<syn::Expr>()?;
            }
            Ok(())
        })?;
    }
    Ok(says)
}
