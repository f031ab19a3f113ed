//! Acting as another user: what a race leaves.

use super::*;

on_each_store!(acting_ends_with_the_session_of_the_actor);
/// An actor logs out while the same actor begins to act as a user and refreshes, in many threads. Of what
/// each of them got, nothing is alive afterwards.
fn acting_ends_with_the_session_of_the_actor(store: &Store) {
    let stage = Stage::new(store, json!({"impersonation": {"roles": ["support"]}}));
    let engine = stage.open();
    let ada = register(&engine, "ada");
    let bob = register(&engine, "bob");
    call(&engine, "update_user", json!({"id": bob, "roles": ["support"]})).unwrap();
    let own = login(&engine, "bob").unwrap();
    let begin = || {
        let request = json!({"actor_token": own["access_token"], "user_id": ada, "reason": "a race"});
        call(&engine, "impersonate", request)
    };
    let first = begin().unwrap();
    let start = Barrier::new(17);
    let got: Vec<Value> = thread::scope(|scope| {
        let act = |index: usize| {
            let (start, begin, first, engine) = (&start, &begin, &first, &engine);
            scope.spawn(move || {
                start.wait();
                match index % 2 {
                    0 => begin(),
                    _ => call(engine, "refresh", json!({"refresh_token": first["refresh_token"]})),
                }
            })
        };
        let running: Vec<_> = (0..16).map(act).collect();
        start.wait();
        call(&engine, "logout", json!({"token": own["access_token"]})).unwrap();
        let ended = running.into_iter().map(|thread| thread.join().unwrap());
        ended.filter_map(|got| got.map_err(|code| assert_eq!(code, "invalid_token")).ok()).collect()
    });
    for tokens in got.iter().chain([&first]) {
        let dead = call(&engine, "authenticate", json!({"token": tokens["access_token"]})).unwrap_err();
        assert_eq!(dead, "invalid_token");
        let dead = call(&engine, "refresh", json!({"refresh_token": tokens["refresh_token"]})).unwrap_err();
        assert_eq!(dead, "invalid_token");
    }
    assert_eq!(begin().unwrap_err(), "invalid_token");
    assert_eq!(call(&engine, "list_sessions", json!({"user_id": ada})).unwrap()["sessions"], json!([]));
}
