//! `man`: the manual pages, from the same source as the command line and `--help`. `make command` writes
//! them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::examples::examples;
use crate::failure::{Failure, Outcome};

/// Writes a page for each command into a folder.
pub fn write(line: clap::Command, folder: &Path) -> Outcome {
    let mut line = line.disable_help_subcommand(true);
    line.build();
    let written = fs::create_dir_all(folder).and_then(|()| pages(&line, "", folder));
    written.map_err(|error| Failure::file(&folder.display().to_string(), &error))
}

fn pages(command: &clap::Command, path: &str, folder: &Path) -> io::Result<()> {
    for child in command.get_subcommands().filter(|child| !child.is_hide_set()) {
        pages(child, format!("{path} {}", child.get_name()).trim_start(), folder)?;
    }
    let man = Man::new(command.clone()).source(concat!("doorward ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(lines) = examples(path) {
        let mut section = Roff::new();
        section.control("SH", ["EXAMPLES"]).control("nf", []);
        section.text(lines.iter().flat_map(|line| [roman(*line), roman("\n")]).collect::<Vec<_>>());
        section.control("fi", []);
        section.to_writer(&mut page)?;
    }
    File::create(folder.join(man.get_filename()))?.write_all(&page)
}
