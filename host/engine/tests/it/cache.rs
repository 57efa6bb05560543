//! The cache of compiled policies: used when good, discarded when touched, refused when others could have touched it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use adjudica_core::Outcome;
use adjudica_engine::{Engine, EngineConfig, EngineError};

use crate::guest::{self, GOOD};

fn open(dir: &Path) -> Engine {
    Engine::new(EngineConfig { cache_dir: Some(dir.to_owned()), ..EngineConfig::default() }).expect("engine")
}

/// The file of the policy with `digest`.
fn file(dir: &Path, wasm: &[u8]) -> PathBuf {
    let digest = guest::digest(wasm).to_string();
    let names = fs::read_dir(dir).expect("folder").map(|entry| entry.expect("entry").path());
    names
        .into_iter()
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&digest)))
        .expect("a file")
}

#[test]
fn it_writes_a_policy_once_and_takes_it_from_there() {
    let dir = tempfile::tempdir().expect("folder");
    let wasm = guest::policy(&GOOD);
    open(dir.path()).load(&wasm).expect("policy");
    let path = file(dir.path(), &wasm);
    let written = fs::metadata(&path).expect("file");
    assert_eq!(written.permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(dir.path().join("key")).expect("key").permissions().mode() & 0o777, 0o600);
    assert!(path.to_string_lossy().contains("-48.0.8-"), "{}", path.display());
    let again = open(dir.path());
    assert_eq!(guest::decide(&again, &wasm, 1)[0].outcome, Outcome::Billable);
    assert_eq!(fs::metadata(&path).expect("file").modified().expect("time"), written.modified().expect("time"));
    let leftovers = fs::read_dir(dir.path())
        .expect("folder")
        .filter(|entry| entry.as_ref().expect("entry").file_name().to_string_lossy().starts_with('.'));
    assert_eq!(leftovers.count(), 0);
}

#[test]
fn it_discards_and_rebuilds_a_file_that_was_touched() {
    let dir = tempfile::tempdir().expect("folder");
    let wasm = guest::policy(&GOOD);
    open(dir.path()).load(&wasm).expect("policy");
    let path = file(dir.path(), &wasm);
    let good = fs::read(&path).expect("file");
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    let mut forged = good.clone();
    forged[0] ^= 1;
    for bad in [flipped, forged, good[..good.len() - 1].to_vec(), good[..20].to_vec(), Vec::new()] {
        fs::write(&path, &bad).expect("write");
        assert_eq!(guest::decide(&open(dir.path()), &wasm, 1)[0].outcome, Outcome::Billable);
        assert_eq!(fs::read(&path).expect("file").len(), good.len(), "rebuilt");
    }
}

#[test]
fn it_takes_no_file_of_another_policy_or_another_host() {
    let (dir, elsewhere) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    let wasm = guest::policy(&GOOD);
    let trapping = guest::policy(&guest::Guest { decide: "(unreachable)", ..GOOD });
    for dir in [&dir, &elsewhere] {
        open(dir.path()).load(&wasm).expect("policy");
    }
    open(dir.path()).load(&trapping).expect("policy");
    // A good file under another policy's name.
    fs::copy(file(dir.path(), &trapping), file(dir.path(), &wasm)).expect("copy");
    assert_eq!(guest::decide(&open(dir.path()), &wasm, 1)[0].outcome, Outcome::Billable);
    // A good file of a host with another key.
    let foreign = fs::read(file(elsewhere.path(), &wasm)).expect("file");
    fs::write(file(dir.path(), &wasm), &foreign).expect("write");
    assert_eq!(guest::decide(&open(dir.path()), &wasm, 1)[0].outcome, Outcome::Billable);
    assert_ne!(fs::read(file(dir.path(), &wasm)).expect("file"), foreign);
}

#[test]
fn it_refuses_a_folder_that_others_may_write() {
    let dir = tempfile::tempdir().expect("folder");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o775)).expect("mode");
    let refused = Engine::new(EngineConfig { cache_dir: Some(dir.path().to_owned()), ..EngineConfig::default() });
    assert!(matches!(refused, Err(EngineError::CacheOpenToOthers { mode: 0o775, .. })), "{refused:?}");
    // One that others may only read is closed to them.
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("mode");
    open(dir.path());
    assert_eq!(fs::metadata(dir.path()).expect("folder").permissions().mode() & 0o777, 0o700);
    fs::set_permissions(dir.path().join("key"), fs::Permissions::from_mode(0o644)).expect("mode");
    let refused = Engine::new(EngineConfig { cache_dir: Some(dir.path().to_owned()), ..EngineConfig::default() });
    assert!(matches!(refused, Err(EngineError::CacheUnusable { .. })), "{refused:?}");
}
