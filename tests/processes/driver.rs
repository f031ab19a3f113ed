//! A process on a store, like driver.c.

use std::io::{BufRead, Write};

use doorward::{Config, Engine, Hooks};

fn main() {
    let mut engine = None;
    let mut stdout = std::io::stdout();
    let mut say = |line: String| {
        stdout.write_all(line.as_bytes()).unwrap();
        stdout.flush().unwrap();
    };
    say("ready\n".to_owned());
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (operation, request) = line.split_once(' ').unwrap();
        let answer = if operation == "open" {
            let opened = Config::parse(request).and_then(|config| Engine::open(config, Hooks::default()));
            opened.map(|opened| {
                engine = Some(opened);
                "{}".to_owned()
            })
        } else if operation == "close" {
            engine = None;
            Ok("{}".to_owned())
        } else {
            engine.as_ref().unwrap().call(operation, request)
        };
        say(match answer {
            Ok(response) => format!("0 {response}\n"),
            Err(error) => format!("{} {}\n", error.status() as i32, error.to_json()),
        });
    }
}
