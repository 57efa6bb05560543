//! Signed policies: what a host with a list of publishers takes and what it refuses, in which words; and policies taken back.

use std::path::PathBuf;

use adjudica_core::{ServiceDate, Token};
use adjudica_engine::signature::{hex, public_key, sign};
use adjudica_server::ServerConfig;
use serde_json::json;
use tempfile::TempDir;

use crate::server::guest::{GOOD, Guest, policy};
use crate::server::harness::{Bench, config};

const SECRET: [u8; 32] = [7; 32];
const OTHER: [u8; 32] = [8; 32];
const SECOND: Guest = Guest { version: "2.0.0", cents: 3_000, ..GOOD };

fn token(text: &str) -> Token {
    Token::parse(text).expect("a token")
}

/// The file signed by `publisher` with `key`, whose name says nothing of which secret it is.
fn signed(file: &[u8], publisher: &str, key: &str, secret: &[u8; 32]) -> Vec<u8> {
    let day = ServiceDate::new(2026, 4, 30).expect("a day");
    sign(file, secret, &token(publisher), &token(key), day).expect("signs")
}

/// Publishers as an agency lists them. The test's clock stands at 2026-05-01.
fn publishers(revoked: &str) -> String {
    let public = hex(&public_key(&SECRET));
    format!(
        r#"
        [[publisher]]
        id = "northside"
        policies = ["test"]
        [[publisher.key]]
        id = "k1"
        public_key = "{public}"
        from = "2026-01-01"
        to = "2027-01-01"
        {revoked}
        [[publisher.key]]
        id = "old"
        public_key = "{public}"
        from = "2024-01-01"
        to = "2025-01-01"
        [[publisher.key]]
        id = "next"
        public_key = "{public}"
        from = "2027-01-01"
        [[publisher]]
        id = "southside"
        policies = ["another"]
        [[publisher.key]]
        id = "k1"
        public_key = "{public}"
        from = "2026-01-01"
        "#
    )
}

struct Trusting {
    bench: Bench,
    list: PathBuf,
    _folder: TempDir,
}

impl Trusting {
    async fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let list = folder.path().join("publishers.toml");
        std::fs::write(&list, publishers("")).expect("writes");
        let config = ServerConfig { publishers_file: list.display().to_string(), ..config() };
        Self { bench: Bench::start_with(config).await, list, _folder: folder }
    }

    /// The code and the words of a refused upload.
    async fn refusal(&self, file: Vec<u8>) -> (String, String) {
        let answer = self.bench.send("POST", "/v1/policies", &[], file).await;
        let (_, code, _) = answer.problem();
        (code, answer.json()["detail"].as_str().expect("words").to_owned())
    }
}

#[tokio::test]
async fn it_takes_a_policy_that_a_trusted_publisher_signed() {
    let host = Trusting::start().await;
    let file = signed(&policy(GOOD), "northside", "k1", &SECRET);
    let answer = host.bench.send("POST", "/v1/policies", &[], file.clone()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let digest = answer.json()["digest"].as_str().expect("a digest").to_owned();
    let body = json!({"message": "a test", "payer_id": "acme", "policy": digest, "dos_from": "2020-01-01"});
    assert_eq!(host.bench.post("/v1/activations", &body).await.status, 201);
}

#[tokio::test]
async fn it_refuses_every_file_that_is_not_as_a_trusted_publisher_signed_it() {
    let host = Trusting::start().await;
    let bare = policy(GOOD);
    let good = signed(&policy(GOOD), "northside", "k1", &SECRET);
    let mut changed = good.clone();
    let byte = changed.windows(8).position(|bytes| bytes == b"[policy]").expect("the sources");
    changed[byte + 1] = b'P';
    let mut more = good.clone();
    more.extend_from_slice(&[0, 2, 1, b'x']);
    let cases = [
        ("not signed", bare.clone(), "the policy file is not signed; sign it with `adjudica policy sign`"),
        ("stripped", good[..bare.len()].to_vec(), "the policy file is not signed; sign it with `adjudica policy sign`"),
        (
            "another key",
            signed(&bare, "northside", "k1", &OTHER),
            "the signature does not fit the file: it was changed after it was signed, or signed with another key",
        ),
        (
            "a changed byte",
            changed,
            "the signature does not fit the file: it was changed after it was signed, or signed with another key",
        ),
        (
            "something behind it",
            more,
            "there is something behind the signature of the policy file; build it again and sign that",
        ),
        (
            "an unknown publisher",
            signed(&bare, "eastside", "k1", &SECRET),
            "`eastside` is no publisher that this host trusts; add its keys to the file of publishers, or ask it who signs",
        ),
        (
            "an unknown key",
            signed(&bare, "northside", "k9", &SECRET),
            "`northside` has no key `k9` in the file of publishers; add it there, or sign with a key that is",
        ),
        (
            "an expired key",
            signed(&bare, "northside", "old", &SECRET),
            "the key `old` held until 2025-01-01; sign with one that holds today",
        ),
        (
            "a key of the future",
            signed(&bare, "northside", "next", &SECRET),
            "the key `next` holds from 2027-01-01; sign with one that holds today",
        ),
        (
            "a policy of somebody else",
            signed(&bare, "southside", "k1", &SECRET),
            "`southside` may not publish the policy `test`; name it under the publisher's `policies`",
        ),
    ];
    for (what, file, words) in cases {
        assert_eq!(host.refusal(file).await, ("policy_untrusted".to_owned(), words.to_owned()), "{what}");
    }
    assert_eq!(host.bench.get("/v1/policies").await.json()["items"], json!([]), "nothing was kept");
}

#[tokio::test]
async fn it_refuses_a_revoked_key_at_once_and_an_older_version_under_a_newer_one() {
    let host = Trusting::start().await;
    let second = signed(&policy(SECOND), "northside", "k1", &SECRET);
    assert_eq!(host.bench.send("POST", "/v1/policies", &[], second).await.status, 201);
    let first = signed(&policy(GOOD), "northside", "k1", &SECRET);
    let (code, words) = host.refusal(first).await;
    assert_eq!(
        (code.as_str(), words.as_str()),
        (
            "policy_rolled_back",
            "version 1.0.0 of `test` comes before 2.0.0, which is stored; publish a version after it"
        )
    );
    let other = signed(&policy(Guest { cents: 1, ..SECOND }), "northside", "k1", &SECRET);
    assert_eq!(host.refusal(other).await.0, "policy_version_taken");
    std::fs::write(&host.list, publishers("revoked_on = \"2026-04-01\"")).expect("writes");
    let third = signed(&policy(Guest { version: "3.0.0", ..GOOD }), "northside", "k1", &SECRET);
    let (_, words) = host.refusal(third).await;
    assert_eq!(words, "the key `k1` was revoked on 2026-04-01; nothing that it signed is taken, sign with another");
    let listed = host.bench.get("/v1/policies").await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "the version that was there stays alone");
}

#[tokio::test]
async fn it_tells_of_a_key_that_was_revoked_since_and_activates_nothing_more_that_it_signed() {
    let host = Trusting::start().await;
    let file = signed(&policy(GOOD), "northside", "k1", &SECRET);
    let digest = host.bench.send("POST", "/v1/policies", &[], file).await.json()["digest"].clone();
    let body = |from: &str| {
        let policy = digest.as_str();
        json!({"message": "a test", "payer_id": "acme", "policy": policy, "dos_from": from, "replace": "cut"})
    };
    assert_eq!(host.bench.post("/v1/activations", &body("2020-01-01")).await.status, 201);
    let told = async || host.bench.get("/v1/status").await.json();
    assert_eq!(told().await["policies"][0]["untrusted"], json!(null));
    let without_end = publishers("").replace("to = \"2027-01-01\"", "to = \"2026-05-02\"");
    std::fs::write(&host.list, without_end).expect("writes");
    assert_eq!(told().await["policies"][0]["untrusted"], json!(null), "it ran out after the file was taken");
    std::fs::write(&host.list, publishers("revoked_on = \"2026-04-01\"")).expect("writes");
    let words = "the key `k1` was revoked on 2026-04-01; nothing that it signed is taken, sign with another";
    assert_eq!(told().await["policies"][0]["untrusted"], json!(words));
    let refused = host.bench.post("/v1/activations", &body("2026-01-01")).await;
    assert_eq!((refused.problem().1.as_str(), refused.json()["detail"].as_str()), ("policy_untrusted", Some(words)));
    std::fs::write(&host.list, "no list").expect("writes");
    assert_eq!(
        told().await["warnings"],
        json!(["the file of publishers cannot be read; no policy file is taken until it can"])
    );
}

#[tokio::test]
async fn it_names_every_fault_of_the_file_of_publishers() {
    let text = "[[publisher]]\nid = \"a\"\n[[publisher.key]]\nid = \"k\"\npublic_key = \"12\"\nfrom = \"2026-01-01\"\n[[publisher.key]]\nid = \"k\"\npublic_key = \"12\"\nfrom = \"2026-01-01\"\nto = \"2025-01-01\"\n[[publisher]]\nid = \"a\"\n";
    let trust: adjudica_engine::Trust = toml::from_str(text).expect("a list");
    assert_eq!(
        trust.faults(),
        [
            "`a`, key `k`: `public_key` is not 64 hexadecimal digits; copy it from the publisher",
            "`a`, key `k`: is there twice; give each key a name of its own",
            "`a`, key `k`: `public_key` is not 64 hexadecimal digits; copy it from the publisher",
            "`a`, key `k`: `to` is not after `from`; it would never hold",
            "`a` is there twice; put its keys under one",
        ]
    );
}

pub(crate) async fn it_activates_no_policy_that_its_publisher_took_back(bench: &Bench) {
    let (first, second) = (bench.activate(GOOD).await, bench.upload(SECOND).await);
    let path = format!("/v1/policies/{second}/yank");
    assert_eq!(bench.post(&path, &json!({"reason": " "})).await.problem().1, "invalid_request");
    let yanked = bench.post(&path, &json!({"reason": "a wrong limit"})).await;
    assert_eq!((yanked.status.as_u16(), yanked.json()["yanked"].as_str()), (200, Some("a wrong limit")));
    assert_eq!(bench.post(&path, &json!({"reason": "a wrong limit"})).await.status, 200, "sent again");
    let again = bench.post(&path, &json!({"reason": "again"})).await;
    assert_eq!(
        (again.problem().1.as_str(), again.json()["detail"].as_str()),
        ("policy_yanked", Some("the policy was taken back before: a wrong limit; nothing was changed"))
    );
    let absent = format!("/v1/policies/{}/yank", "0".repeat(64));
    assert_eq!(bench.post(&absent, &json!({"reason": "none"})).await.problem().1, "not_found");
    let body =
        json!({"message": "m", "payer_id": "acme", "policy": second, "dos_from": "2026-01-01", "replace": "cut"});
    let refused = bench.post("/v1/activations", &body).await;
    assert_eq!(
        (refused.problem().1.as_str(), refused.json()["detail"].as_str()),
        ("policy_yanked", Some("the publisher took test 2.0.0 back: a wrong limit; activate another version"))
    );
    let file = bench.get(&format!("/v1/policies/{first}/file")).await;
    assert_eq!(
        (file.status.as_u16(), &file.headers["content-type"]),
        (200, &"application/wasm".parse().expect("a type"))
    );
}
