//! Tests of opening a store on a server: permitted roles, kinds of databases, concurrency.

use std::thread;

use serde_json::json;

use crate::cluster::{Cluster, DOOR_PASSWORD, config, login, open, refused, register, why};

#[test]
fn who_may_not_in() {
    let Some(cluster) = Cluster::start("") else { return };
    let wrong = cluster.url().replace("pass%2F", "pass");
    assert_eq!(
        refused(&wrong),
        ("invalid_config", "postgres: the server does not let this user in (28P01)".to_owned())
    );
    let none = format!("postgres://door@127.0.0.1:{}/door", cluster.port);
    assert_eq!(refused(&none), ("invalid_config", "postgres: the server asks for a password".to_owned()));
    let elsewhere =
        cluster.url().replace(&format!("{}/door", cluster.port), &format!("{}/elsewhere", cluster.port));
    assert_eq!(refused(&elsewhere), ("invalid_config", "postgres: no such database (3D000)".to_owned()));
    // Another host that does not exist does not prevent the connection, before or after this one.
    for hosts in
        [format!("127.0.0.1:{},127.0.0.1:1", cluster.port), format!("127.0.0.1:1,127.0.0.1:{}", cluster.port)]
    {
        let several = elsewhere.replace(&format!("127.0.0.1:{}", cluster.port), &hosts);
        assert_eq!(refused(&several), ("invalid_config", "postgres: no such database (3D000)".to_owned()));
    }
    let secret_key = json!({"secret_key": null});
    let error = open(&cluster.url(), secret_key).err().unwrap();
    assert_eq!(error.field.as_deref(), Some("/secret_key"));
    // Neither the password nor any other part of the URL is repeated.
    let shown = format!("{:?}", config(&cluster.url(), json!({})).unwrap());
    assert!(!shown.contains("pass") || !shown.contains("rd%40"), "{shown}");
    for url in [wrong, elsewhere] {
        let error = open(&url, json!({})).err().unwrap();
        let shown = format!("{error:?} {error} {}", error.to_json());
        assert!(!shown.contains(DOOR_PASSWORD) && !shown.contains("elsewhere") && !shown.contains("rd%40"));
    }
}

#[test]
fn by_socket_and_with_a_schema() {
    let Some(cluster) = Cluster::start("") else { return };
    let folder = cluster.folder().to_str().unwrap().replace('/', "%2F");
    let url = format!("postgresql:///door?host={folder}&port={}&user=door", cluster.port);
    register(&open(&url, json!({})).unwrap(), "ada").unwrap();
    cluster.sql("door", "CREATE SCHEMA apart AUTHORIZATION door");
    let apart = open(&format!("{url}&options=-csearch_path%3Dapart"), json!({})).unwrap();
    assert!(login(&apart, "ada").is_err());
    register(&apart, "ada").unwrap();
    assert_eq!(cluster.sql("door", "SELECT count(*) FROM apart.users").trim(), "1");
    let none = format!("{url}&options=-csearch_path%3Dnowhere");
    assert_eq!(
        refused(&none),
        ("invalid_config", "postgres: no schema to make tables in (3F000)".to_owned())
    );
}

#[test]
fn what_is_in_the_database() {
    let Some(cluster) = Cluster::start("") else { return };
    cluster.sql("door", "CREATE TABLE users (name TEXT)");
    let (code, detail) = refused(&cluster.url());
    assert_eq!(code, "invalid_config");
    assert!(detail.starts_with("a database of another program"));
    assert_eq!(
        cluster
            .sql("door", "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
            .trim(),
        "1"
    );
    cluster.sql("door", "DROP TABLE users");
    drop(open(&cluster.url(), json!({})).unwrap());
    cluster.sql("door", "INSERT INTO doorward_schema (version) VALUES (99)");
    assert_eq!(refused(&cluster.url()).0, "schema_too_new");
    cluster.sql("door", "UPDATE doorward_schema SET additive = 1 WHERE version = 99");
    drop(open(&cluster.url(), json!({})).unwrap());
    cluster.sql("door", "DELETE FROM doorward_schema WHERE version = 99");
    let error =
        open(&cluster.url(), json!({"secret_key": "another secret key of thirty-two bytes"})).err().unwrap();
    assert_eq!(why(error).0, "wrong_secret_key");
    // On an existing schema, privileges on its rows are enough.
    cluster
        .sql("door", "REVOKE CREATE ON SCHEMA public FROM PUBLIC; REVOKE CREATE ON SCHEMA public FROM door");
    assert!(open(&cluster.url(), json!({})).is_ok());
}

#[test]
fn many_open_an_empty_database_at_once() {
    let Some(cluster) = Cluster::start("") else { return };
    for round in 0..3 {
        cluster.sql("door", "DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION door");
        thread::scope(|scope| {
            for index in 0..8 {
                let url = cluster.url();
                scope.spawn(move || {
                    let engine = open(&url, json!({"limits": {"store_timeout_ms": 60_000}})).unwrap();
                    register(&engine, &format!("user{round}{index}")).unwrap();
                });
            }
        });
        assert_eq!(cluster.sql("door", "SELECT count(*) FROM users").trim(), "8");
        assert_eq!(cluster.sql("door", "SELECT count(*) FROM keys").trim(), "1");
        assert_eq!(cluster.sql("door", "SELECT count(*) FROM doorward_schema").trim(), "1");
    }
}
