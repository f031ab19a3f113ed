//! Tests with a network that loses packets: engine and server each in a network namespace, with a firewall
//! between them.

use std::process::{self, Command};
use std::thread;

use serde_json::json;

use crate::cluster::{Cluster, is_active, login, open, register, succeed};
use crate::outages::{again, unavailable};
use crate::skips::not_run;

/// The server's address for the engine (RFC 5737).
const SERVER: &str = "192.0.2.2";
const ENGINE: &str = "192.0.2.1";

#[test]
fn packets_are_lost_in_each_direction() {
    // A namespace belongs to a thread and its children; other tests must not be in it.
    let server_side = || {
        if !enter_new_namespace()
            || !Command::new("nft").args(["list", "tables"]).status().is_ok_and(|it| it.success())
        {
            let why = "it takes root, a network namespace and nftables";
            not_run("packets_are_lost_in_each_direction", why);
            return;
        }
        let Some(cluster) = Cluster::start("listen_addresses = '*'") else { return };
        let network = Network { server: namespace() };
        thread::scope(|scope| scope.spawn(|| engine_side(&cluster, &network)).join().unwrap());
    };
    thread::spawn(server_side).join().unwrap();
}

fn engine_side(cluster: &Cluster, network: &Network) {
    assert!(enter_new_namespace());
    network.connect();
    let url = cluster.url_at("door", SERVER, cluster.port);
    let keys = json!({"limits": {"store_timeout_ms": 4000}});
    let engine = again(|| open(&url, keys.clone()));
    again(|| register(&engine, "ada"));
    let token = again(|| login(&engine, "ada"));
    let cuts: [(&str, &[Side]); 3] = [
        ("questions", &[Side::Server]),
        ("answers", &[Side::Engine]),
        ("both", &[Side::Server, Side::Engine]),
    ];
    for (name, sides) in cuts {
        // The call is in progress: it waits for a lock when packets begin to be lost.
        let mut lock = cluster.lock("users");
        let (writing, reading) = thread::scope(|scope| {
            let writer = scope.spawn(|| register(&engine, name));
            let reader = scope.spawn(|| is_active(&engine, &token));
            cluster.wait_for(
                "SELECT 1 FROM pg_stat_activity WHERE usename = 'door' AND wait_event_type = 'Lock' OFFSET 1",
            );
            sides.iter().for_each(|side| network.cut(*side));
            lock.let_go();
            (writer.join().unwrap(), reader.join().unwrap())
        });
        let after = [login(&engine, "ada").map(drop), open(&url, keys.clone()).map(drop)];
        sides.iter().for_each(|side| network.mend(*side));
        // The reader needs only one answer, and answers may still arrive.
        let reading = match sides {
            [Side::Server] => reading.map(|is_active| assert!(is_active)).err(),
            _ => Some(reading.unwrap_err()),
        };
        let failed = [writing.map(drop)].into_iter().chain(reading.map(Err)).chain(after);
        for detail in failed.map(unavailable) {
            assert!(detail.ends_with("timeout"), "{name}: {detail}");
        }
        // Nothing is left of the interrupted transaction; engine and server continue by themselves.
        let count = format!("SELECT count(*) FROM users WHERE username_key = '{name}'");
        assert_eq!(cluster.sql("door", &count).trim(), "0", "{name}");
        assert!(again(|| is_active(&engine, &token)), "{name}");
        again(|| register(&engine, name).map(drop).or_else(|_| login(&engine, name).map(drop)));
    }
    assert_eq!(cluster.sql("door", "SELECT count(*) FROM users").trim(), "4");
}

/// Two namespaces, joined by a pair of devices that are named after their sides.
struct Network {
    /// The namespace of the server; the engine's is the calling thread's.
    server: String,
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Server,
    Engine,
}

impl Network {
    fn connect(&self) {
        let pair = ["link", "add", "engine", "type", "veth", "peer", "name", "server", "netns", &self.server];
        succeed(Command::new("ip").args(pair));
        for (side, device, address) in [(Side::Server, "server", SERVER), (Side::Engine, "engine", ENGINE)] {
            succeed(self.at(side, "ip").args(["address", "add", &format!("{address}/24"), "dev", device]));
            succeed(self.at(side, "ip").args(["link", "set", device, "up"]));
        }
    }

    /// Drops every packet that arrives there from now on.
    fn cut(&self, side: Side) {
        let rule = r#"table inet cut { chain input { type filter hook input priority 0; iifname { "server", "engine" } drop; }; }"#;
        succeed(self.at(side, "nft").arg(rule));
    }

    fn mend(&self, side: Side) {
        succeed(self.at(side, "nft").args(["delete", "table", "inet", "cut"]));
    }

    fn at(&self, side: Side, program: &str) -> Command {
        match side {
            Side::Engine => Command::new(program),
            Side::Server => {
                let mut command = Command::new("nsenter");
                command.arg(format!("--net={}", self.server)).arg(program);
                command
            }
        }
    }
}

/// Enters a new network namespace, which has only a loopback interface. Returns whether that worked.
fn enter_new_namespace() -> bool {
    // SAFETY: it takes no pointer, and changes what this thread sees and nothing else.
    let is_new = unsafe { libc::unshare(libc::CLONE_NEWNET) } == 0;
    is_new && Command::new("ip").args(["link", "set", "lo", "up"]).status().is_ok_and(|it| it.success())
}

/// Returns the namespace of this thread.
fn namespace() -> String {
    // SAFETY: it only answers.
    format!("/proc/{}/task/{}/ns/net", process::id(), unsafe { libc::gettid() })
}
