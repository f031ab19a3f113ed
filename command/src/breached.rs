//! `breached …`: the file of passwords that leaked.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;

use clap::Subcommand;
use doorward::{Building, Built, Code, Error, Unbuilt};
use serde_json::json;

use crate::Context;
use crate::failure::{Failure, Outcome};
use crate::show::{self, Bar};
use crate::signals::{self, Input};

#[derive(Subcommand)]
pub enum Breached {
    /// Make the file for `password.breached` of a list of passwords that leaked.
    ///
    /// The list has a line for each password: its SHA-1 digest, a colon, and how often it leaked, in the order of the
    /// digests, as the public lists are. It is read once, in little memory. An earlier file of this name is replaced
    /// when the new one is whole; engines that have it open keep it until they are opened again.
    Build {
        /// The list; `-` is standard input.
        list: PathBuf,
        /// The file to make.
        file: PathBuf,
        /// The bits for each password: with 8 the file has half the length, and one of 256 passwords that did not leak
        /// is refused, with 16 one of 65,536.
        #[arg(long, default_value = "16", value_parser = ["8", "16"])]
        bits: String,
        /// Leave out passwords that leaked fewer times.
        #[arg(long, value_name = "N", default_value_t = 1)]
        min_count: u64,
        /// The list is your own, and need not be complete. Without this, a list that ends before the digests that begin
        /// with FF is refused, because a public list that does so was cut off.
        #[arg(long)]
        own_list: bool,
    },
}

impl Breached {
    pub fn run(self, context: &mut Context) -> Outcome {
        let Breached::Build { list, file, bits, min_count, own_list } = self;
        let signals = signals::watch()?;
        let (list_name, file_name) = (show::path(&list), show::path(&file));
        let unreadable = |error: &io::Error| Failure::file(&format!("LIST {list_name}"), error);
        let (reader, length): (Box<dyn Read>, u64) = if list_name == "-" {
            (Box::new(Input(signals)), 0)
        } else {
            let opened = File::open(&list).and_then(|opened| Ok((opened.metadata()?.len(), opened)));
            let (length, opened) = opened.map_err(|error| unreadable(&error))?;
            (Box::new(opened), length)
        };
        let mut building = Building::new();
        building.bits = if bits == "8" { 8 } else { 16 };
        building.min_count = min_count;
        building.own_list = own_list;
        let mut bar = Bar::new();
        let mut goes_on = |read| {
            bar.show("breached", read, length, "");
            signals::arrived().is_none()
        };
        let built = building.build(&mut BufReader::new(reader), &file, &mut goes_on);
        bar.clear();
        let refused = |why: &str| Failure::from(Error::new(Code::InvalidRequest, why.to_owned()));
        let interrupted = || Failure::Interrupted("interrupted, nothing was made".to_owned());
        let built = built.map_err(|unbuilt| match unbuilt {
            Unbuilt::Read(_) if signals::arrived().is_some() => interrupted(),
            Unbuilt::Read(error) => unreadable(&error),
            Unbuilt::Line { number, why } => refused(&format!("LIST {list_name}, line {number}: {why}")),
            Unbuilt::Empty => {
                refused(&format!("LIST {list_name} has no password to keep; FILE {file_name} was not touched"))
            }
            Unbuilt::CutOff(last) => refused(&format!(
                "LIST {list_name} was cut off: its last digest is {last}, and a complete list ends with FF…; FILE {file_name} was not touched. If the list is your own, add --own-list"
            )),
            Unbuilt::Unfinished(part) => Failure::File(format!(
                "{} is there: another build makes FILE {file_name}, or one was killed; delete it if none runs",
                show::path(&part)
            )),
            Unbuilt::GivenUp => interrupted(),
            Unbuilt::Write(error) => Failure::file(&format!("FILE {file_name}"), &error),
            _ => Failure::File(format!("FILE {file_name}: not made")),
        })?;
        let Built { passwords, last, bytes, .. } = built;
        match context.json {
            true => {
                writeln!(context.out, "{}", json!({"passwords": passwords, "last": last, "bytes": bytes}))?;
            }
            false => {
                writeln!(context.out, "{passwords} passwords are in {file_name}, which has {bytes} bytes.")?;
                writeln!(context.out, "The last digest of the list is {last}.")?;
            }
        }
        Ok(())
    }
}
