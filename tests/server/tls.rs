//! Tests of TLS, by each `sslmode`, against a server with a certificate of the test's own authority.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use serde_json::json;

use crate::cluster::{Cluster, call, chown_to_postgres, open, refused, register};

/// An authority, and a server with its certificate for `localhost`.
struct Secure {
    cluster: Cluster,
    issuer: Issuer<'static, KeyPair>,
    authority: PathBuf,
    stranger: PathBuf,
}

impl Secure {
    fn start() -> Option<Secure> {
        let cluster = Cluster::start("")?;
        let authority = cluster.folder().join("authority.pem");
        let stranger = cluster.folder().join("stranger.pem");
        let issuer = make_authority(&authority);
        make_authority(&stranger);
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let data = cluster.data();
        fs::write(data.join("server.crt"), certificate.pem()).unwrap();
        private(&data.join("server.key"), &key.serialize_pem());
        cluster.sql("postgres", "ALTER SYSTEM SET ssl = on");
        cluster.control(&["restart"]);
        Some(Secure { cluster, issuer, authority, stranger })
    }

    /// Returns the URL of the database by a name that the certificate is for, or is not.
    fn url(&self, role: &str, host: &str, parameters: &str) -> String {
        format!("{}?{parameters}", self.cluster.url_at(role, host, self.cluster.port))
    }

    /// Whether the engine's connection is encrypted.
    fn is_encrypted(&self, url: &str) -> bool {
        let engine = open(url, json!({})).unwrap_or_else(|error| panic!("{url}: {error}"));
        let asked = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'doorward'";
        let answer = self.cluster.sql("door", asked);
        drop(engine);
        self.cluster.wait_for(
            "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = 'doorward')",
        );
        answer.trim() == "t"
    }
}

fn make_authority(file: &Path) -> Issuer<'static, KeyPair> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, file.display().to_string());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(file, params.self_signed(&key).unwrap().pem()).unwrap();
    Issuer::new(params, key)
}

fn private(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    chown_to_postgres(file);
}

#[test]
fn each_sslmode() {
    let Some(secure) = Secure::start() else { return };
    let roots = format!("sslrootcert={}", secure.authority.display());
    let stranger = format!("sslrootcert={}", secure.stranger.display());
    let encrypted = |host, parameters: &str| secure.is_encrypted(&secure.url("door", host, parameters));
    let refused = |host, parameters: &str| {
        let (code, detail) = refused(&secure.url("door", host, parameters));
        assert_eq!(code, "store_unavailable", "{detail}");
        detail
    };
    assert!(!encrypted("localhost", "sslmode=disable"));
    assert!(!encrypted("localhost", "sslmode=allow"));
    assert!(encrypted("localhost", "sslmode=prefer"));
    assert!(encrypted("localhost", ""));
    // The server is not verified, but the connection is encrypted.
    assert!(encrypted("127.0.0.1", "sslmode=require"));
    // The login is bound to this connection, so that an interceptor would have to know the password.
    assert!(encrypted("127.0.0.1", "sslmode=require&channel_binding=require"));

    assert!(encrypted("localhost", &format!("sslmode=verify-full&{roots}")));
    assert!(encrypted("127.0.0.1", &format!("sslmode=verify-ca&{roots}")));
    assert!(encrypted("127.0.0.1", &format!("sslmode=require&{roots}")));
    assert_eq!(
        refused("127.0.0.1", &format!("sslmode=verify-full&{roots}")),
        "postgres: tls: the certificate is for another host"
    );
    let unknown = "postgres: tls: the certificate is of an unknown authority";
    assert_eq!(refused("localhost", &format!("sslmode=verify-full&{stranger}")), unknown);
    assert_eq!(refused("localhost", &format!("sslmode=verify-ca&{stranger}")), unknown);
    assert_eq!(refused("localhost", &format!("sslmode=require&{stranger}")), unknown);
    assert_eq!(refused("localhost", "sslrootcert=system"), unknown);

    // A role that the server admits only on encrypted connections.
    assert!(secure.is_encrypted(&secure.url("encrypted", "localhost", "sslmode=allow")));
    let (code, detail) = crate::cluster::refused(&secure.url("encrypted", "localhost", "sslmode=disable"));
    assert_eq!(
        (code, detail.as_str()),
        ("invalid_config", "postgres: the server does not let this user in (28000)")
    );

    let engine =
        open(&secure.url("door", "localhost", &format!("sslmode=verify-full&{roots}")), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let doctor = call(&engine, "doctor", json!({})).unwrap();
    let finding = |check: &str| {
        let findings = doctor["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["check"] == check).map(|finding| finding["severity"].clone())
    };
    assert_eq!((finding("store_tls"), finding("store_version")), (Some(json!("ok")), Some(json!("ok"))));
}

/// Makes a key and a certificate of this name in two files. Returns the parameters that name them.
fn make_identity(secure: &Secure, name: &str, issuer: &Issuer<KeyPair>) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let folder = tempfile::tempdir_in(secure.cluster.folder()).unwrap().keep();
    let files = ["crt", "key"].map(|kind| folder.join(kind));
    fs::write(&files[0], params.signed_by(&key, issuer).unwrap().pem()).unwrap();
    private(&files[1], &key.serialize_pem());
    (format!("sslcert={}", files[0].display()), format!("sslkey={}", files[1].display()))
}

/// A role that logs in by a certificate instead of a password.
#[test]
fn a_certificate_of_the_engines_own() {
    let Some(secure) = Secure::start() else { return };
    let rules = secure.cluster.data().join("pg_hba.conf");
    let by_certificate = format!("hostssl all certified all cert\n{}", fs::read_to_string(&rules).unwrap());
    fs::write(&rules, by_certificate).unwrap();
    let authority = secure.authority.display();
    secure.cluster.sql("postgres", &format!("ALTER SYSTEM SET ssl_ca_file = '{authority}'"));
    secure.cluster.control(&["restart"]);
    secure.cluster.sql("postgres", "CREATE ROLE certified LOGIN");
    secure.cluster.sql("postgres", "GRANT door TO certified");
    let url = |more: &[&str]| {
        let start = format!("postgres://certified@localhost:{}/door", secure.cluster.port);
        format!("{start}?sslmode=verify-full&sslrootcert={authority}&{}", more.join("&"))
    };
    let (certificate, key) = make_identity(&secure, "certified", &secure.issuer);
    let (other, other_key) = make_identity(&secure, "other", &secure.issuer);
    let stranger = make_authority(&secure.cluster.folder().join("another-stranger.pem"));
    let (strangers, strangers_key) = make_identity(&secure, "certified", &stranger);

    assert!(secure.is_encrypted(&url(&[&certificate, &key])));
    let not_in = ("invalid_config", "postgres: the server does not let this user in (28000)".to_owned());
    assert_eq!(refused(&url(&[])), not_in);
    assert_eq!(refused(&url(&[&other, &other_key])), not_in);
    assert_eq!(
        refused(&url(&[&strangers, &strangers_key])),
        ("store_unavailable", "postgres: tls".to_owned())
    );
    let wrong = |rule: &str| ("invalid_config", rule.to_owned());
    assert_eq!(refused(&url(&[&certificate])), wrong("sslcert and sslkey go together"));
    assert_eq!(refused(&url(&[&certificate, &other_key])), wrong("sslcert and sslkey do not go together"));
    assert_eq!(
        refused(&url(&[&certificate, "sslkey=/nowhere"])),
        wrong("sslkey cannot be read as a PEM file")
    );
    assert_eq!(refused(&url(&["sslcert=/nowhere", &key])), wrong("sslcert cannot be read as a PEM file"));
}

/// Without TLS `prefer` continues unencrypted; a mode that requires TLS is refused.
#[test]
fn a_server_without_tls() {
    let Some(cluster) = Cluster::start("") else { return };
    let with = |parameters: &str| format!("{}?{parameters}", cluster.url());
    assert!(open(&with("sslmode=prefer"), json!({})).is_ok());
    let none = ("store_unavailable", "postgres: the server has no TLS".to_owned());
    assert_eq!(refused(&with("sslmode=require")), none);
    let unbound = ("store_unavailable", "postgres: no channel binding".to_owned());
    assert_eq!(refused(&with("channel_binding=require")), unbound);
}
