//! A tour of doorward in Rust: an account, a login, checks of the token, a refresh, a logout.
//!
//! `cargo run --example quickstart -- app.db` keeps the store in app.db and its secret key in app.db.key.

use std::error::Error;
use std::io::{self, Write};

use doorward::{
    AuthenticateRequest, Code, Config, Engine, Hooks, Login, LoginRequest, LoginResponse, LogoutRequest,
    RefreshRequest, RegisterRequest, VerifyRequest,
};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: quickstart STORE.db")?;
    run(&path, &mut io::stdout())
}

/// Runs the tour on the SQLite store at `path`, and tells of it.
pub fn run(path: &str, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let config = Config::new().store(format!("sqlite:{path}").parse()?);
    let log = |_, record: &str| eprintln!("{record}");
    let engine = Engine::open(config, Hooks::new().log(log))?;

    let request = RegisterRequest::new("ada".parse()?, "eight wise words").email("ada@example.com".parse()?);
    match engine.register(request) {
        Ok(response) => writeln!(out, "registered {}", response.user.username.as_str())?,
        Err(error) if error.code == Code::UsernameTaken => writeln!(out, "ada has an account already")?,
        Err(error) => return Err(error.into()),
    }

    let session = log_in(&engine, "ada", "eight wise words")?;
    writeln!(out, "logged in {}", session.user.username.as_str())?;

    // The hot path: signature and claims, without the store.
    engine.verify(VerifyRequest::new(&session.access_token))?;
    // The store knows more: whether the session is alive and the account active.
    let live = engine.authenticate(AuthenticateRequest::new().token(&session.access_token))?;
    writeln!(out, "the token is of {}", live.user.username.as_str())?;

    let refresh_token = session.refresh_token.ok_or("no refresh token")?;
    let refreshed = engine.refresh(RefreshRequest::new(&refresh_token))?;
    writeln!(out, "refreshed; the new token lasts {} seconds", refreshed.expires_in)?;

    engine.logout(LogoutRequest::new().token(&refreshed.access_token))?;
    match engine.authenticate(AuthenticateRequest::new().token(&refreshed.access_token)) {
        Err(error) if error.code == Code::InvalidToken => writeln!(out, "logged out")?,
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("the session is still alive".into()),
    }
    Ok(())
}

/// Logs in, and takes it as a failure if more is required than a password.
fn log_in(engine: &Engine, username: &str, password: &str) -> Result<LoginResponse, Box<dyn Error>> {
    match engine.login(LoginRequest::new(username, password))? {
        Login::Session(session) => Ok(session),
        Login::StepUp(step) => Err(format!("the login requires {:?}", step.status).into()),
    }
}
