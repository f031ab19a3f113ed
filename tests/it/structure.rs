//! The structure of the sources (CONTRIBUTING.md, "Where things live"): data goes one way, no files import each other
//! in a circle, no operations file calls another, and no part of the engine knows the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

/// Files by the path of their module: `crate::store::users`.
type Sources = BTreeMap<String, String>;

/// The imports of each file.
type Arrows<'s> = BTreeMap<&'s str, BTreeSet<&'s str>>;

/// The storeys, from the ground up. Files without a storey here belong to the ground.
const STOREYS: [&[&str]; 7] = [
    &[],
    &["config"],
    &["crypto", "secret_key", "settings"],
    &["store", "outbound"],
    &["engine"],
    &["operations"],
    &["host", "restore", "capi"],
];

#[test]
fn files_import_only_what_stands_below() {
    let sources = library();
    for (from, to) in pairs(&arrows(&sources)) {
        assert!(storey(to) <= storey(from), "{from} imports {to}, which stands above it");
    }
}

/// Cargo strips no package whose profile has settings of its own.
#[test]
fn what_is_shipped_is_stripped() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let (_, shipped) = manifest.split_once("[profile.dist]\n").unwrap();
    let (shipped, packages) = shipped.split_once("\n\n").unwrap();
    assert!(shipped.lines().any(|line| line == "strip = true"));
    assert!(!packages.contains("[profile.dist.package.doorward-"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    for folder in ["src", "command/src", "tools/src", "bindings/node/src", "bindings/python/src"] {
        no_circle(&arrows(&sources(folder, "rs")));
    }
    no_circle(&modules(&sources("bindings/node/lib", "ts")));
}

fn no_circle(arrows: &Arrows<'_>) {
    assert!(!arrows.is_empty(), "the imports are not found");
    for start in arrows.keys() {
        let mut reached = BTreeSet::new();
        let mut next = vec![*start];
        while let Some(file) = next.pop() {
            for to in arrows.get(file).into_iter().flatten() {
                assert_ne!(to, start, "{start} imports {file}, which imports it by some way");
                if reached.insert(*to) {
                    next.push(to);
                }
            }
        }
    }
}

#[test]
fn no_operations_file_calls_another() {
    let sources = library();
    let operations = sources.iter().filter(|(module, _)| module.starts_with("crate::operations::"));
    let methods: Vec<(&str, &str)> = operations
        .clone()
        .flat_map(|(module, text)| {
            methods_of_the_engine(text).into_iter().map(move |name| (name, module.as_str()))
        })
        .collect();
    assert!(methods.len() > 60, "the methods of the engine are not found");
    for (module, text) in operations {
        for (name, home) in methods.iter().filter(|(_, home)| home != module) {
            assert!(!text.contains(&format!("self.{name}(")), "{module} calls `{name}` of {home}");
        }
    }
}

/// Scenarios of no single capability.
const ACROSS: [&str; 7] =
    ["backends", "configuration", "failures", "quickstart", "settings", "strict_json", "throttle"];

/// The file or folder of a capability in src/operations, its page and its scenarios have one name; further scenarios
/// begin with it. A capability without a page of its own is told in the guide.
#[test]
fn a_capability_has_one_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scenarios: BTreeMap<String, String> = fs::read_dir(root.join("tests/conformance"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
        })
        .collect();
    let is_of = |file: &str, capability: &str| {
        file.strip_prefix(capability).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let mut capabilities = BTreeSet::new();
    let description = doorward::describe();
    for operation in description["operations"].as_array().unwrap() {
        let [name, capability] = ["name", "capability"].map(|member| operation[member].as_str().unwrap());
        let source = root.join("src/operations").join(capability);
        assert!(source.is_dir() || source.with_extension("rs").is_file(), "{name} is not in {capability}");
        let own = root.join(format!("docs/{}.md", capability.replace('_', "-")));
        let page = if own.exists() { own } else { root.join("docs/guide.md") };
        let is_told =
            Regex::new(&format!(r"\b{name}\b")).unwrap().is_match(&fs::read_to_string(&page).unwrap());
        assert!(is_told, "{} does not tell {name}", page.display());
        assert!(scenarios.contains_key(capability), "there is no {capability}.json");
        let call = format!("\"call\": \"{name}\"");
        let is_called = scenarios.iter().any(|(file, text)| is_of(file, capability) && text.contains(&call));
        assert!(is_called, "{capability}.json does not call {name}");
        capabilities.insert(capability.to_owned());
    }
    for file in scenarios.keys().filter(|file| !ACROSS.contains(&file.as_str())) {
        assert!(
            capabilities.iter().any(|capability| is_of(file, capability)),
            "{file}.json is of no capability"
        );
    }
}

#[test]
fn no_part_of_the_engine_knows_the_engine() {
    for (module, text) in library().iter().filter(|(module, _)| module.starts_with("crate::engine::")) {
        let knows = text.lines().any(|line| {
            let code = line.split("//").next().unwrap_or_default();
            code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "Engine")
        });
        assert!(!knows, "{module} names `Engine`");
    }
}

fn library() -> Sources {
    let sources = sources("src", "rs");
    assert!(sources.len() > 80, "the sources are not found");
    sources
}

/// Returns the sources below a folder without their unit tests.
fn sources(folder: &str, language: &str) -> Sources {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut sources = Sources::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == language) {
                let name = path.strip_prefix(&root).unwrap().with_extension("");
                let names = name
                    .iter()
                    .filter_map(|name| name.to_str())
                    .filter(|name| !["mod", "lib", "main"].contains(name));
                let module: Vec<&str> = std::iter::once("crate").chain(names).collect();
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
                sources.insert(module.join("::"), code.to_owned());
            }
        }
    }
    sources
}

/// Returns the files that each file of a folder in TypeScript imports.
fn modules(sources: &Sources) -> Arrows<'_> {
    let from = Regex::new(r"from '\./(\w+)\.js'").unwrap();
    let imports = |text: &str| -> BTreeSet<&str> {
        let names = from.captures_iter(text).map(|found| format!("crate::{}", &found[1]));
        names.filter_map(|name| sources.get_key_value(&name)).map(|(name, _)| name.as_str()).collect()
    };
    sources.iter().map(|(module, text)| (module.as_str(), imports(text))).collect()
}

/// Returns the files that each file imports, or names by their paths. The crate's root re-exports and imports
/// everything.
fn arrows(sources: &Sources) -> Arrows<'_> {
    let mut arrows = Arrows::new();
    for (module, text) in sources.iter().filter(|(module, _)| *module != "crate") {
        let code: String = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
        let mut paths = Vec::new();
        for (start, _) in code.match_indices("use ") {
            if let Some(end) = code[start..].find(';') {
                spread("", &code[start + 4..start + end], &mut paths);
            }
        }
        let words = |c: char| !c.is_alphanumeric() && c != '_' && c != ':';
        paths.extend(
            code.split(words)
                .filter(|path| path.starts_with("crate::") && !path.ends_with("::"))
                .map(str::to_owned),
        );
        let children = sources.keys().filter_map(|child| child.strip_prefix(module)?.strip_prefix("::"));
        for child in children.filter(|child| !child.contains("::")) {
            let named = code
                .split(words)
                .any(|path| path.strip_prefix(child).is_some_and(|rest| rest.starts_with("::")));
            paths.extend(named.then(|| format!("self::{child}")));
        }
        for path in paths {
            arrows.entry(module.as_str()).or_default().extend(target(sources, module, &path));
        }
    }
    arrows
}

/// Expands `a::{b, c::{d, e}}` into paths.
fn spread(before: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        paths.push(format!("{before}{}", tree.split(" as ").next().unwrap_or_default().trim()));
        return;
    };
    let before = format!("{before}{}", head.trim());
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                if !rest[start..at].trim().is_empty() {
                    spread(&before, &rest[start..at], paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// Returns the file that a path in a module refers to, if it is another file of the crate.
fn target<'s>(sources: &'s Sources, module: &str, path: &str) -> Option<&'s str> {
    let mut at: Vec<&str> = module.split("::").collect();
    let mut names = path.split("::").peekable();
    match *names.peek()? {
        "crate" => at.truncate(0),
        "super" => {
            names.next();
            at.pop();
        }
        "self" => {
            names.next();
        }
        _ => return None,
    }
    at.extend(names);
    while at.len() > 1 {
        if let Some((found, _)) = sources.get_key_value(&at.join("::")) {
            return (found != module).then_some(found);
        }
        at.pop();
    }
    None
}

fn pairs<'s>(arrows: &Arrows<'s>) -> Vec<(&'s str, &'s str)> {
    arrows.iter().flat_map(|(from, all)| all.iter().map(move |to| (*from, *to))).collect()
}

fn storey(module: &str) -> usize {
    let top = module.split("::").nth(1).unwrap_or_default();
    STOREYS.iter().position(|storey| storey.contains(&top)).unwrap_or(0)
}

fn methods_of_the_engine(text: &str) -> Vec<&str> {
    let blocks = text.split("\nimpl Engine {\n").skip(1).filter_map(|block| block.split("\n}\n").next());
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("    ")?.split_once("fn "));
    let methods = lines.filter(|(before, _)| ["", "pub ", "pub(crate) "].contains(before));
    methods.filter_map(|(_, rest)| rest.split(['(', '<']).next()).collect()
}
