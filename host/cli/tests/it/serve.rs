//! `adjudica serve`: starts on a free port, answers, ends when told to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::bench::Bench;

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn it_answers_and_stops_when_told_to() {
    // As a service manager and Ctrl-C do it, and as a terminal that goes.
    for signal in ["-TERM", "-INT", "-HUP"] {
        it_stops_at(signal);
    }
}

fn it_stops_at(signal: &str) {
    let bench = Bench::new();
    let mut serve =
        bench.command(&["serve", "--json", "--database", "sqlite:a.db", "--listen", "127.0.0.1:0", "--log", "warn"]);
    let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    let answer: serde_json::Value = serde_json::from_str(&line).expect("one JSON value");
    let address = answer["listening"].as_str().expect("an address");
    assert!(get(address, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(get(address, "/v1/status").contains("adjudica-engine"));
    let told = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
    assert!(told.success());
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(0), "{signal}: {}", String::from_utf8_lossy(&ended.stderr));
}

/// A name with a slip begins no second database beside the true one.
#[test]
fn it_begins_a_database_where_none_is_and_not_beside_another() {
    let bench = Bench::new();
    bench.write("one.json", "[]");
    let refused = |arguments: &[&str]| {
        let run = bench.run(arguments);
        assert_eq!(run.code, 2, "{}", run.stderr);
        run.stderr
    };
    let nowhere = refused(&["rollback", "--database", "sqlite:agency.db", "--payer", "acme", "--message", "m"]);
    assert_eq!(nowhere, "adjudica: the database is not there\n  agency.db: does not exist; correct the path\n");
    bench.write(
        "one.json",
        r#"[{"record_id":"r1","subject_id":"c1","body":{"kind":"document","category":"consent","from":"2026-01-01"}}]"#,
    );
    let begun = bench.ok(&["import", "records", "one.json", "--database", "sqlite:agency.db"]);
    assert!(begun.starts_with("`agency.db` was not there: an empty database was begun\n"), "{begun}");
    let fleeting = bench.ok(&["import", "records", "one.json", "--database", "sqlite::memory:"]);
    assert!(fleeting.starts_with("the database is in memory: nothing in it stays when this ends\n"), "{fleeting}");
    let slip = refused(&["import", "records", "one.json", "--database", "sqlite:agncy.db"]);
    assert!(
        slip.contains("agncy.db: does not exist; beside it lies `agency.db`; correct the path, or give `--create`"),
        "{slip}"
    );
    let slip = refused(&["serve", "--database", "sqlite:agncy.db", "--listen", "127.0.0.1:0"]);
    assert!(slip.contains("beside it lies `agency.db`"), "{slip}");
    bench.ok(&["import", "records", "one.json", "--database", "sqlite:second.db", "--create"]);
}
