//! Answers lines by the crate: see languages.py.

use std::io::{BufRead, Write};

use doorward::{Config, Engine, Error, Hooks};
use serde_json::Value;

fn main() -> Result<(), Error> {
    let config = std::env::args().nth(1).unwrap_or_default();
    let engine = Engine::open(Config::parse(&config)?, Hooks::new())?;
    let mut stdout = std::io::stdout();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Ok(line) = serde_json::from_str::<Value>(&line) else { break };
        let request = line["request"].as_str().map_or_else(|| line["request"].to_string(), str::to_owned);
        let answer = match engine.call(line["operation"].as_str().unwrap_or_default(), &request) {
            Ok(response) => format!("{{\"status\": 0, \"response\": {response}}}\n"),
            Err(error) => {
                format!("{{\"status\": {}, \"response\": {}}}\n", error.status() as i32, error.to_json())
            }
        };
        if stdout.write_all(answer.as_bytes()).and_then(|()| stdout.flush()).is_err() {
            break;
        }
    }
    Ok(())
}
