//! The arrows between crates, and what each may bring in from outside, read from the Cargo.toml files.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::refuse;
use crate::tree::{files_ending, text_of};

/// What a crate may and may not depend on.
struct Arrows {
    /// Our crates that it may use.
    to: &'static [&'static str],
    /// Crates of others that it must do without, because they are another crate's business.
    without: &'static [&'static str],
}

/// What has no place where nothing is asked of the world.
const PURE: &[&str] = &["wasmtime", "sqlx", "axum", "tokio", "hyper", "jiff", "uuid", "rand", "tracing"];

/// Every member of the workspace. `adjudica-tests` may use everything.
const MEMBERS: [(&str, Arrows); 14] = [
    ("core", Arrows { to: &[], without: PURE }),
    ("core/money", Arrows { to: &["adjudica-core"], without: PURE }),
    ("core/questions", Arrows { to: &["adjudica-core"], without: PURE }),
    (
        "sdk/cases",
        Arrows {
            // Its tests put tables under cases.
            to: &["adjudica-core", "adjudica-sdk"],
            without: &["wasmtime", "sqlx", "axum", "tokio", "hyper", "uuid", "rand"],
        },
    ),
    (
        "sdk",
        Arrows {
            to: &["adjudica-cases", "adjudica-core"],
            without: &["wasmtime", "sqlx", "axum", "tokio", "hyper", "uuid", "rand"],
        },
    ),
    (
        "sdk/workbench",
        Arrows {
            to: &["adjudica-cases", "adjudica-questions", "adjudica-core", "adjudica-sdk"],
            without: &["wasmtime", "sqlx", "axum", "tokio", "hyper"],
        },
    ),
    ("host/engine", Arrows { to: &["adjudica-core"], without: &["sqlx", "axum", "tokio", "hyper", "wasmtime-wasi"] }),
    ("host/store", Arrows { to: &["adjudica-core"], without: &["wasmtime", "axum", "hyper"] }),
    (
        "host/service",
        Arrows {
            to: &[
                "adjudica-cases",
                "adjudica-money",
                "adjudica-questions",
                "adjudica-core",
                "adjudica-engine",
                "adjudica-store",
            ],
            without: &["wasmtime", "sqlx", "axum", "hyper", "hyper-util", "http", "tower", "tower-http"],
        },
    ),
    (
        "host/server",
        Arrows {
            to: &["adjudica-core", "adjudica-engine", "adjudica-service", "adjudica-store"],
            without: &["wasmtime", "sqlx"],
        },
    ),
    (
        "host/cli",
        Arrows {
            to: &[
                "adjudica-cases",
                "adjudica-money",
                "adjudica-questions",
                "adjudica-core",
                "adjudica-engine",
                "adjudica-server",
                "adjudica-service",
                "adjudica-store",
                "adjudica-sdk",
                "adjudica-workbench",
            ],
            without: &["wasmtime", "sqlx", "axum"],
        },
    ),
    (
        "tests",
        Arrows {
            to: &[
                "adjudica-cases",
                "adjudica-money",
                "adjudica-core",
                "adjudica-sdk",
                "adjudica-engine",
                "adjudica-store",
                "adjudica-server",
                "adjudica-service",
                "adjudica-cli",
                "adjudica-tests",
            ],
            without: &["mockall"],
        },
    ),
    (
        "tests/bench",
        Arrows {
            to: &[
                "adjudica-core",
                "adjudica-engine",
                "adjudica-sdk",
                "adjudica-server",
                "adjudica-service",
                "adjudica-store",
            ],
            without: &["wasmtime", "duckdb"],
        },
    ),
    ("xtask", Arrows { to: &[], without: &["wasmtime", "sqlx", "axum", "tokio"] }),
];

/// Engines that the benchmarks measure against.
const PEERS: [&str; 5] = ["duckdb", "regorus", "zen-engine", "zen-expression", "zen-tmpl"];

/// A policy crate knows the sdk, and the core through it.
const PLUGIN: Arrows = Arrows {
    to: &["adjudica-sdk", "adjudica-core"],
    without: &["wasmtime", "sqlx", "axum", "tokio", "wasi", "rand", "getrandom", "uuid"],
};

#[test]
fn crates_depend_only_where_the_arrows_point() {
    let mut offenders = Vec::new();
    for member in members() {
        let Some((_, arrows)) = MEMBERS.iter().find(|(folder, _)| *folder == member) else {
            offenders.push(format!("`{member}` is a new crate: give it its arrows here and in ARCHITECTURE.md"));
            continue;
        };
        offenders.extend(astray(&format!("{member}/Cargo.toml"), arrows));
    }
    for file in files_ending("Cargo.toml").iter().filter(|file| file.is_in(&["plugins/", "sdk/interpreter/"])) {
        offenders.extend(astray(&file.name, &PLUGIN));
    }
    refuse(
        &offenders,
        "these arrows are not in the plan (ARCHITECTURE.md draws them); move the code to where the dependency belongs",
    );
}

/// The features that there are: what hosts have of a crate and policies are built without.
const FEATURES: [(&str, &str); 1] = [("core", "schema")];

#[test]
fn every_member_takes_versions_and_lints_from_the_workspace() {
    let mut offenders = Vec::new();
    for member in members() {
        let manifest = parse(&format!("{member}/Cargo.toml"));
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if lints.and_then(Value::as_bool) != Some(true) {
            offenders.push(format!("{member}/Cargo.toml: add `[lints]` with `workspace = true`"));
        }
        let features = manifest.get("features").and_then(Value::as_table).into_iter().flat_map(Table::keys);
        for feature in features.filter(|feature| !FEATURES.contains(&(member.as_str(), feature.as_str()))) {
            offenders.push(format!(
                "{member}/Cargo.toml: cargo features are not used here, so `{feature}` is none; write a crate or a setting"
            ));
        }
        let own = dependencies(&manifest)
            .into_iter()
            .filter(|(_, value)| value.get("workspace").and_then(Value::as_bool) != Some(true));
        offenders.extend(own.map(|(name, _)| format!("{member}/Cargo.toml: write `{name}.workspace = true`")));
    }
    refuse(&offenders, "versions stand once, in the root Cargo.toml; so do lints");
}

#[test]
fn overflow_is_an_error_in_every_release_build() {
    let mut offenders = Vec::new();
    let guests = files_ending("Cargo.toml").into_iter().filter(|file| file.is_in(&["plugins/", "sdk/interpreter/"]));
    for name in guests.map(|file| file.name).chain(["Cargo.toml".to_owned()]) {
        let manifest = parse(&name);
        // A member of another workspace inherits its profile.
        if manifest.get("package").is_some_and(|package| package.get("workspace").is_some()) {
            continue;
        }
        let release = manifest.get("profile").and_then(|profile| profile.get("release"));
        let checks = release.and_then(|release| release.get("overflow-checks"));
        if checks.and_then(Value::as_bool) != Some(true) {
            offenders.push(name);
        }
    }
    refuse(&offenders, "add `[profile.release]` with `overflow-checks = true`");
}

#[test]
fn a_normal_build_compiles_no_peer() {
    let lock = parse("Cargo.lock");
    let packages = lock.get("package").and_then(Value::as_array).expect("Cargo.lock lists packages");
    let names = packages.iter().filter_map(|package| package.get("name").and_then(Value::as_str));
    let offenders: Vec<String> = names.filter(|name| PEERS.contains(name)).map(str::to_owned).collect();
    refuse(&offenders, "these are only measured against: keep them in tests/peers, outside the workspace");
}

fn members() -> Vec<String> {
    let manifest = parse("Cargo.toml");
    let members = manifest.get("workspace").and_then(|workspace| workspace.get("members")).and_then(Value::as_array);
    let members = members.expect("the root Cargo.toml lists its members");
    members.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn parse(name: &str) -> Table {
    text_of(name).parse().unwrap_or_else(|error| panic!("`{name}` is no TOML: {error}"))
}

fn astray(name: &str, arrows: &Arrows) -> Vec<String> {
    let manifest = parse(name);
    let own =
        manifest.get("package").and_then(|package| package.get("name")).and_then(Value::as_str).unwrap_or_default();
    let wrong = dependencies(&manifest).into_keys().filter(|dependency| {
        let ours_and_not_allowed =
            dependency.starts_with("adjudica") && dependency != own && !arrows.to.contains(&dependency.as_str());
        ours_and_not_allowed || arrows.without.contains(&dependency.as_str())
    });
    wrong.map(|dependency| format!("{name} → {dependency}")).collect()
}

/// Dependencies of every kind and for every target, by the name of the package.
fn dependencies(manifest: &Table) -> BTreeMap<String, Value> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(|targets| targets.values());
    let tables = targets.filter_map(Value::as_table).chain([manifest]);
    let mut found = BTreeMap::new();
    for table in tables {
        for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (name, value) in table.get(kind).and_then(Value::as_table).into_iter().flatten() {
                let package = value.get("package").and_then(Value::as_str).unwrap_or(name);
                found.insert(package.to_owned(), value.clone());
            }
        }
    }
    found
}

/// The modules of the service from the lowest up: each looks at itself and at those before it.
const SERVICE: [&str; 13] = [
    "error", "clock", "ids", "settings", "asking", "metrics", "intake", "registry", "observe", "decide", "counts",
    "worker", "service",
];

#[test]
fn modules_of_the_service_look_down_only() {
    let mut offenders = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files_ending(".rs").iter().filter(|file| file.is_in(&["host/service/src/"])) {
        let name = file.name.trim_start_matches("host/service/src/").trim_end_matches(".rs");
        let module = name.split('/').next().unwrap_or_default();
        if module == "lib" {
            continue;
        }
        seen.insert(module.to_owned());
        let Some(height) = SERVICE.iter().position(|known| *known == module) else {
            offenders.push(format!("{}: `{module}` has no place in the order", file.name));
            continue;
        };
        for (number, line) in file.text().lines().enumerate() {
            let looked_at =
                line.split("crate::").skip(1).filter_map(|rest| rest.split([':', ';', '{', '}', ',']).next());
            let up =
                looked_at.filter(|other| SERVICE.iter().position(|known| known == other).is_some_and(|at| at > height));
            offenders.extend(up.map(|other| format!("{}:{}: `{module}` looks up at `{other}`", file.name, number + 1)));
        }
    }
    let gone = SERVICE.iter().filter(|module| !seen.contains(**module));
    offenders.extend(gone.map(|module| format!("`{module}` is in the order and is no module")));
    refuse(&offenders, "what both need belongs into the lower one, or into a module below both");
}
