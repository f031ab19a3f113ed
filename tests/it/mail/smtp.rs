//! Tests of SMTP with a scripted server. (The tests of Python's binding use real servers.)

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{Stage, Store};
use crate::services::Service;

/// The replies of a server in these tests by the verb of the command, unless a test sets others.
const SAYS: [(&str, &str); 9] = [
    ("greeting", "220 mail.example.com"),
    ("EHLO", "250 mail.example.com"),
    ("AUTH", "235 in"),
    ("MAIL", "250 OK"),
    ("RCPT", "250 OK"),
    ("DATA", "354 go on"),
    ("the text", "250 OK"),
    ("RSET", "250 OK"),
    ("QUIT", "221 bye"),
];

/// A server, and the lines and texts that it received.
struct Server {
    service: Service,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn saying(others: &[(&'static str, &'static str)]) -> Server {
        let replies: HashMap<_, _> = SAYS.iter().chain(others).copied().collect();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let ears = Arc::clone(&heard);
        let service = Service::start(move |_, stream| {
            // After the client hangs up, the server stops reading.
            let _ = converse(stream, &replies, &ears);
        });
        Server { service, heard }
    }

    fn stage(&self, smtp: Value) -> Stage {
        let mut keys = json!({"host": "127.0.0.1", "port": self.service.address.port(), "tls": "none"});
        keys.as_object_mut().unwrap().extend(smtp.as_object().unwrap().clone());
        let page = "https://app.example/{token}";
        let links = json!({"verify_email": page, "reset_password": page, "change_email": page});
        let from = "no-reply@example.com";
        Stage::new(&Store::sqlite(), json!({"mail": {"from": from, "smtp": keys, "links": links}}))
    }

    fn heard(&self, verb: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|line| line.starts_with(verb)).cloned().collect()
    }
}

fn converse(
    stream: &mut TcpStream,
    replies: &HashMap<&str, &str>,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut say = |reply: &str| stream.write_all(format!("{reply}\r\n").as_bytes());
    say(replies["greeting"])?;
    while let Some(line) = lines.next().transpose()? {
        heard.lock().unwrap().push(line.clone());
        let verb = line.split(' ').next().unwrap();
        let reply = replies.get(verb).copied().unwrap_or("334");
        say(reply)?;
        if reply.starts_with("421") {
            return Ok(());
        }
        if reply.starts_with("354") {
            let text: Vec<String> =
                lines.by_ref().map_while(|line| line.ok().filter(|line| line != ".")).collect();
            heard.lock().unwrap().push(text.join("\n"));
            say(replies["the text"])?;
        }
        if verb == "QUIT" {
            return Ok(());
        }
    }
    Ok(())
}

/// Returns `delivered`, `deferred` and `refused`, or the reason why the server is unreachable.
fn deliver(stage: &Stage) -> Result<(i64, i64, i64), String> {
    let done = stage.engine.call("deliver_mail", "{}").map_err(|error| error.detail.unwrap().into_owned())?;
    let done: Value = serde_json::from_str(&done).unwrap();
    let count = |name: &str| done[name].as_i64().unwrap();
    Ok((count("delivered"), count("deferred"), count("refused")))
}

const SENT: Result<(i64, i64, i64), &str> = Ok((1, 0, 0));
const LATER: Result<(i64, i64, i64), &str> = Ok((0, 1, 0));
const NEVER: Result<(i64, i64, i64), &str> = Ok((0, 0, 1));

/// A reply may be a bare code (RFC 5321 section 4.2) at every step, and means the same as with a text.
#[test]
fn a_bare_code_says_all() {
    let cases = [
        ("greeting", "220", SENT),
        ("greeting", "421", Err("smtp_421")),
        ("greeting", "450", Err("smtp_450")),
        ("greeting", "554", Err("smtp_554")),
        ("EHLO", "250", SENT),
        ("EHLO", "421", Err("smtp_421")),
        ("EHLO", "450", Err("smtp_450")),
        ("EHLO", "552", Err("smtp_552")),
        ("MAIL", "250", SENT),
        ("MAIL", "250 ", SENT),
        ("MAIL", "421", Err("smtp_421")),
        ("MAIL", "450", LATER),
        ("MAIL", "550", LATER),
        ("MAIL", "552", LATER),
        ("RCPT", "250", SENT),
        ("RCPT", "421", Err("smtp_421")),
        ("RCPT", "450", LATER),
        ("RCPT", "550", NEVER),
        ("RCPT", "552", NEVER),
        ("DATA", "354", SENT),
        ("DATA", "250", Err("broken_answer")),
        ("DATA", "421", Err("smtp_421")),
        ("DATA", "450", LATER),
        ("DATA", "550", LATER),
        ("DATA", "552", LATER),
        ("the text", "250", SENT),
        ("the text", "354", Err("broken_answer")),
        ("the text", "421", Err("smtp_421")),
        ("the text", "450", LATER),
        ("the text", "550", NEVER),
        ("the text", "552", NEVER),
        ("QUIT", "221", SENT),
        ("QUIT", "421", SENT),
        ("QUIT", "450", SENT),
        ("QUIT", "552", SENT),
    ];
    for (place, reply, expected) in cases {
        let server = Server::saying(&[(place, reply)]);
        let stage = server.stage(json!({}));
        stage.register("ada");
        let done = deliver(&stage);
        assert_eq!(
            done.as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|word| *word),
            "{place} {reply}"
        );
        stage.pass(60);
        let due = stage.call("take_mail", json!({}))["mails"].as_array().unwrap().len();
        let state = (stage.count("mail_sent"), stage.count("mail_failed"), due);
        let is_sent = expected == SENT;
        let is_given_up = expected == NEVER;
        let expected = (is_sent.into(), is_given_up.into(), usize::from(!is_sent && !is_given_up));
        assert_eq!(state, expected, "{place} {reply}");
    }
}

/// After a refusal the conversation continues if the server accepts that, with any wording of the reply.
#[test]
fn a_refusal_ends_no_conversation() {
    for (reset, conversations, expected) in
        [("250", 1, Ok((0, 0, 2))), ("502", 2, Ok((0, 0, 2))), ("421", 2, Ok((0, 0, 2)))]
    {
        let server = Server::saying(&[("RCPT", "550"), ("RSET", reset)]);
        let stage = server.stage(json!({}));
        stage.register("ada");
        stage.register("bob");
        assert_eq!(deliver(&stage), expected, "{reset}");
        assert_eq!(server.heard("EHLO").len(), conversations, "{reset}");
    }
}

/// Replies of several lines, in any case, with bytes that are no text, are read as RFC 5321 section 4.2.1
/// describes them.
#[test]
fn a_reply_has_any_number_of_lines() {
    let many = "250-mail.example.com\r\n250-size 1000\r\n250-8bitmime\r\n250-\r\n250 auth login PLAIN";
    let server = Server::saying(&[
        ("EHLO", many),
        ("MAIL", "250-2.1.0 who\r\n250"),
        ("RCPT", "550-5.1.1 no\r\n550 such"),
    ]);
    let stage = server.stage(json!({"username": "mailer", "password": "s3cret"}));
    stage.register("ada");
    assert_eq!(deliver(&stage), Ok((0, 0, 1)));
    // RFC 4616: an empty authorization identity, the user, and the password.
    assert_eq!(server.heard("AUTH"), ["AUTH PLAIN AG1haWxlcgBzM2NyZXQ="]);
    for broken in ["250-a\r\n550 b", "2500", "25", "250_x", "150 wait", "650 no", "hello", ""] {
        let server = Server::saying(&[("RCPT", broken)]);
        let stage = server.stage(json!({}));
        stage.register("ada");
        assert_eq!(deliver(&stage), Err("broken_answer".to_owned()), "{broken}");
    }
}

/// A server that knows only the older login mechanism.
#[test]
fn a_login_in_two_answers() {
    let server = Server::saying(&[("EHLO", "250-x\r\n250 AUTH LOGIN"), ("AUTH", "334"), ("czNjcmV0", "235")]);
    let stage = server.stage(json!({"username": "mailer", "password": "s3cret"}));
    stage.register("ada");
    assert_eq!(deliver(&stage), Ok((1, 0, 0)));
    let server = Server::saying(&[("EHLO", "250-x\r\n250 AUTH CRAM-MD5")]);
    let stage = server.stage(json!({"username": "mailer", "password": "s3cret"}));
    stage.register("ada");
    assert_eq!(deliver(&stage), Err("not_supported".to_owned()));
}

/// Bytes that came before TLS are not taken for a reply received through it (CVE-2011-0411).
#[test]
fn nothing_is_slipped_in_before_tls() {
    let server =
        Server::saying(&[("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "220 go\r\n250 slipped in")]);
    let stage = server.stage(json!({"tls": "starttls"}));
    stage.register("ada");
    assert_eq!(deliver(&stage), Err("broken_answer".to_owned()));
    assert_eq!(server.heard("EHLO").len(), 1);
}

/// A reply has a maximum length: a server cannot fill the memory of its client.
#[test]
fn a_reply_is_limited() {
    for (line, count) in [(format!("250-{}\r\n", "a".repeat(60)), 3000), ("250-\r\n".to_owned(), 1000)] {
        let reply: &'static str = format!("{}250 end", line.repeat(count)).leak();
        for place in ["EHLO", "RCPT"] {
            let server = Server::saying(&[(place, reply)]);
            let stage = server.stage(json!({}));
            stage.register("ada");
            assert_eq!(deliver(&stage), Err("broken_answer".to_owned()), "{place} {line}");
        }
    }
}

/// A reply to a command that was not sent yet is refused, except that a server may hang up at any time (421).
#[test]
fn an_early_reply_does_not_count() {
    let early = [
        ("EHLO", "250 x\r\n250 early"),
        ("MAIL", "250 OK\r\n250 early"),
        ("RCPT", "250 OK\r\n354 early"),
        ("DATA", "354 go\r\n250 early"),
        ("DATA", "354 go\r\n25"),
    ];
    for (place, reply) in early {
        let server = Server::saying(&[(place, reply), ("the text", "552 too big")]);
        let stage = server.stage(json!({}));
        stage.register("ada");
        assert_eq!(deliver(&stage), Err("broken_answer".to_owned()), "{place} {reply}");
        assert_eq!(stage.count("mail_sent"), 0, "{place} {reply}");
    }
    for (place, reply) in [("MAIL", "250 OK\r\n421 closing"), ("DATA", "354 go\r\n421 closing")] {
        let server = Server::saying(&[(place, reply)]);
        let stage = server.stage(json!({}));
        stage.register("ada");
        assert_eq!(deliver(&stage), Err("smtp_421".to_owned()), "{place}");
    }
}
