//! Time-based one-time passwords (RFC 6238 over RFC 4226): the seed, its codes, and its transfer to an
//! authenticator app. HMAC-SHA-1 is what every app supports; the collisions of SHA-1 do not affect HMAC (RFC
//! 6194 section 3.3).

use std::fmt::{self, Write};
use std::str::FromStr;

use aws_lc_rs::{constant_time, hmac};
use data_encoding::BASE32_NOPAD;
use qrcodegen::{QrCode, QrCodeEcc};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};
use crate::types::form::{field, percent_encoded};
use crate::types::parse_error::ParseError;
use crate::types::secret::{IssuedSecret, collected};
use crate::types::text::text_type;

/// A seed, in base32 (RFC 4648 section 6). It is a secret and not shown in `Debug`.
#[derive(Clone)]
pub struct Seed(Zeroizing<Vec<u8>>);

/// The length of the HMAC's output (RFC 4226 section 4, R6).
const SEED_LEN: usize = 20;

impl Seed {
    /// Makes a random seed of 160 bits.
    pub(crate) fn new() -> Result<Seed> {
        Ok(Seed(Zeroizing::new(crate::types::random::random::<SEED_LEN>()?.to_vec())))
    }

    /// Takes bytes that were sealed.
    pub(crate) fn stored(bytes: Zeroizing<Vec<u8>>) -> Seed {
        Seed(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the text in base32, for users who cannot scan the picture.
    ///
    /// ```
    /// let seed: doorward::Seed = "gezd gnbv gy3t qojq".parse()?;
    /// assert_eq!(seed.to_base32().expose(), "GEZDGNBVGY3TQOJQ");
    /// # Ok::<(), doorward::ParseError>(())
    /// ```
    pub fn to_base32(&self) -> IssuedSecret {
        IssuedSecret::new(BASE32_NOPAD.encode(&self.0))
    }

    fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.0))
    }
}

impl FromStr for Seed {
    type Err = ParseError;

    /// Parses what people type: either case, spaces, hyphens, padding. Seeds of other systems may have only
    /// 80 bits.
    fn from_str(text: &str) -> Result<Seed, ParseError> {
        const EXPECTED: &str = "expected 80 to 512 bits in base32";
        if text.len() > 256 {
            return Err(ParseError::new(EXPECTED));
        }
        let plain: Zeroizing<String> = Zeroizing::new(stripped(text.trim_end_matches('=')).to_uppercase());
        let bytes = BASE32_NOPAD
            .decode(plain.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| ParseError::new(EXPECTED))?;
        if (10..=64).contains(&bytes.len()) { Ok(Seed(bytes)) } else { Err(ParseError::new(EXPECTED)) }
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.base32())
    }
}

text_type!(Seed, "minLength": 16, "maxLength": 256, "x-secret": true);

/// The parameters that app and engine share besides the seed and the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters {
    /// The number of digits of a code: 6 to 8.
    pub digits: u32,
    /// The length of a step.
    pub period_seconds: i64,
}

impl Parameters {
    /// Returns the first step after `after` with this code, at most `skew` steps from `now`.
    pub(crate) fn step_of(&self, seed: &Seed, code: &str, now: i64, skew: i64, after: i64) -> Option<i64> {
        let code = stripped(code);
        let current = now / self.period_seconds;
        let is_code = |step: &i64| {
            let expected = self.code(seed, *step);
            constant_time::verify_slices_are_equal(expected.as_bytes(), code.as_bytes()).is_ok()
        };
        (current - skew..=current + skew).filter(|step| *step > after && *step >= 0).find(is_code)
    }

    /// Computes a code (RFC 4226 section 5.3).
    pub(crate) fn code(&self, seed: &Seed, step: i64) -> Zeroizing<String> {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &seed.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[tag.len() - 1] & 0xf);
        let chosen = tag[offset..offset + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        let code = (chosen & 0x7fff_ffff) % 10_u32.pow(self.digits);
        Zeroizing::new(format!("{code:0width$}", width = self.digits as usize))
    }

    /// Returns the URI from which an authenticator app sets up this account of this service:
    /// <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>.
    pub(crate) fn uri(&self, seed: &Seed, issuer: &str, account: &str) -> Zeroizing<String> {
        let issuer = percent_encoded(issuer);
        let account = percent_encoded(account);
        let secret = seed.base32();
        let room = 128 + 2 * issuer.len() + account.len() + secret.len();
        let mut uri = Zeroizing::new(String::with_capacity(room));
        let _ = write!(
            uri,
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={}&period={}",
            *secret, self.digits, self.period_seconds
        );
        uri
    }
}

/// An authenticator app that was set up elsewhere.
pub(crate) struct Setup<'a> {
    pub secret: Option<&'a str>,
    pub uri: Option<&'a str>,
    pub digits: Option<i64>,
    pub period_seconds: Option<i64>,
    pub algorithm: Option<&'a str>,
}

impl Setup<'_> {
    /// Returns the seed and the parameters, if codes of this app are verified here.
    pub(crate) fn read(&self) -> Result<(Seed, Parameters), ParseError> {
        let query = self.uri.map(query_of).transpose()?;
        let told = |name| match query {
            None => Ok(None),
            Some(query) => field(query, name).ok_or(ParseError::new(EXPECTED_URI)),
        };
        let number = |given: Option<i64>, name, default| match (given, told(name)?) {
            (Some(given), _) => Ok(given),
            (None, Some(told)) => told.parse().map_err(|_| ParseError::new(EXPECTED_URI)),
            (None, None) => Ok(default),
        };
        let seed = match (self.secret, told("secret")?.map(Zeroizing::new)) {
            (Some(text), None) => text.parse(),
            (None, Some(text)) => text.parse(),
            _ => Err(ParseError::new("expected one of secret, otpauth_uri")),
        }?;
        let digits = number(self.digits, "digits", 6)?;
        let period_seconds = number(self.period_seconds, "period", 30)?;
        let algorithm = self.algorithm.map(str::to_owned).or(told("algorithm")?);
        if !algorithm.is_none_or(|name| SHA1.contains(&name.to_uppercase().as_str())) {
            return Err(ParseError::new("expected the algorithm SHA1: no other is supported"));
        }
        match u32::try_from(digits) {
            Ok(digits @ 6..=8) if (15..=300).contains(&period_seconds) => {
                Ok((seed, Parameters { digits, period_seconds }))
            }
            _ => Err(ParseError::new("expected 6 to 8 digits and a period of 15 to 300 seconds")),
        }
    }
}

const EXPECTED_URI: &str = "expected otpauth://totp/ with each parameter once";

/// The names of the only hash.
const SHA1: [&str; 3] = ["SHA1", "SHA-1", "HMACSHA1"];

fn query_of(uri: &str) -> Result<&str, ParseError> {
    let (path, query) = uri.split_once('?').ok_or(ParseError::new(EXPECTED_URI))?;
    match path.get(..15).is_some_and(|scheme| scheme.eq_ignore_ascii_case("otpauth://totp/")) {
        true => Ok(query),
        false => Err(ParseError::new(EXPECTED_URI)),
    }
}

/// The account's name in an authenticator app: its address, or another name. Personal, and therefore not for
/// logs.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountName(String);

impl AccountName {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<AccountName, ParseError> {
        let valid = (1..=254).contains(&text.len()) && !text.chars().any(char::is_control);
        if valid {
            Ok(AccountName(text.to_owned()))
        } else {
            Err(ParseError::new("expected a name of 1 to 254 bytes"))
        }
    }
}

impl fmt::Debug for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("AccountName(…)")
    }
}

text_type!(AccountName, "minLength": 1, "maxLength": 254);

/// The service's name in an authenticator app. It contains no colon, which would end it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceName(String);

impl ServiceName {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Derives a name from an issuer, which may be a URL: without its scheme and colons, truncated if
    /// necessary.
    pub(crate) fn of(issuer: &str) -> ServiceName {
        let name = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        let name: String = name.chars().map(|c| if c == ':' { ' ' } else { c }).take(64).collect();
        ServiceName(name.trim().trim_end_matches('/').to_owned())
    }
}

impl FromStr for ServiceName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<ServiceName, ParseError> {
        let count = text.chars().count();
        let valid = (1..=64).contains(&count) && !text.chars().any(|c| c == ':' || c.is_control());
        if valid {
            Ok(ServiceName(text.to_owned()))
        } else {
            Err(ParseError::new("expected a name of 1 to 64 characters without a colon"))
        }
    }
}

text_type!(ServiceName, "minLength": 1, "maxLength": 64);

/// An authenticator app's secret as a URI and as a picture.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Provisioning {
    /// The URI that an authenticator app reads: `otpauth://totp/…`.
    pub otpauth_uri: IssuedSecret,
    /// The URI as a QR code: an `<svg>` element that can be put into a page as it is.
    pub qr_svg: IssuedSecret,
}

impl Provisioning {
    pub(crate) fn new(uri: &str) -> Result<Provisioning> {
        Ok(Provisioning { otpauth_uri: IssuedSecret::new(uri), qr_svg: IssuedSecret::new(svg(uri)?) })
    }
}

/// Draws a QR code (ISO/IEC 18004) as SVG: dark modules in one path on a light background, with the quiet
/// zone of four modules, independent of the page's colours.
fn svg(text: &str) -> Result<String> {
    const QUIET: i32 = 4;
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)
        .map_err(|_| Error::new(Code::Internal, "too long for a QR code"))?;
    let size = code.size() + 2 * QUIET;
    // Sufficient capacity, so that growing leaves no copy behind.
    let modules = code.size() as usize * code.size() as usize;
    let mut svg = String::with_capacity(512 + 20 * modules);
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" width=\"{width}\" height=\"{width}\" \
         shape-rendering=\"crispEdges\" role=\"img\" aria-label=\"QR code\">\
         <path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path d=\"",
        width = size * 5
    );
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(svg, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    svg.push_str("\"/></svg>");
    Ok(svg)
}

/// Removes the spaces and hyphens that people put between groups.
pub(crate) fn stripped(text: &str) -> Zeroizing<String> {
    collected(text.chars().filter(|c| !matches!(c, ' ' | '-')), text.len())
}

#[cfg(test)]
mod tests {
    use super::{Parameters, Provisioning, Seed};

    const PARAMETERS: Parameters = Parameters { digits: 6, period_seconds: 30 };

    #[test]
    fn a_camera_reads_the_picture() {
        // The longest possible URI, and a usual one.
        for (issuer, account) in
            [("€".repeat(64), "ü".repeat(127)), ("doorward".into(), "ada@example.com".into())]
        {
            let uri = PARAMETERS.uri(&Seed::new().unwrap(), &issuer, &account);
            let provisioning = Provisioning::new(&uri).unwrap();
            assert_eq!(read(provisioning.qr_svg.expose()), *uri);
        }
    }

    /// Reads the dark modules of the picture, eight pixels each.
    fn read(svg: &str) -> String {
        let (_, size) = svg.split_once("viewBox=\"0 0 ").unwrap();
        let size: usize = size.split(' ').next().unwrap().parse().unwrap();
        let (_, path) = svg.rsplit_once("d=\"").unwrap();
        let modules: Vec<(usize, usize)> = path
            .split('M')
            .filter_map(|module| module.split('h').next()?.split_once(' '))
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect();
        let is_dark = |x: usize, y: usize| modules.binary_search_by_key(&(y, x), |(x, y)| (*y, *x)).is_ok();
        let pixel = |x: usize, y: usize| if is_dark(x / 8, y / 8) { 0 } else { 255 };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(size * 8, size * 8, pixel);
        image.detect_grids()[0].decode().unwrap().1
    }
}
