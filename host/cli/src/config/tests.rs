//! That settings come from the right place and all faults come at once.

use super::*;

fn settings(text: &str) -> Settings {
    let environment = |name: &str| (name == "ADJUDICA_LOG").then(|| "from_environment".to_owned());
    let mut settings = Settings::empty(Path::new("adjudica.toml"), environment);
    settings.read(text);
    settings
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is not a whole number"))
}

#[test]
fn it_takes_the_flag_then_the_environment_then_the_file() {
    let mut settings = settings("log = \"from_file\"\nagency = 4\n");
    assert_eq!(settings.find("log", Some("from_flag"), text), Some("from_flag".to_owned()));
    assert_eq!(settings.find("log", None, text), Some("from_environment".to_owned()));
    assert_eq!(settings.find("agency", None, number), Some(4));
    assert_eq!(settings.find("database", None, text), None);
    assert!(settings.finish().is_ok());
}

#[test]
fn it_reports_every_fault_at_once() {
    let mut settings = settings("agency = \"many\"\ncache_dir = [1]\nlissten = \"x\"\npolicy_threads = \"two\"\n");
    assert_eq!(settings.find("agency", None, number), None);
    assert_eq!(settings.find("cache_dir", None, number), None);
    assert_eq!(settings.require("database", None, number), None);
    assert_eq!(settings.find("log", None, number), None);
    settings.server(&[("listen".to_owned(), "nowhere".to_owned()), ("threads".to_owned(), "1".to_owned())]);
    let text = settings.finish().expect_err("faults").to_string();
    let lines: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
    let beginnings = [
        "adjudica.toml: `lissten` is not a setting; the settings are database, agency,",
        "adjudica.toml: `agency`: `many` is not a whole number",
        "adjudica.toml: `cache_dir` must be text in quotes or a whole number",
        "`database` is not set; give `--database`, ADJUDICA_DATABASE, or `database` in adjudica.toml",
        "`ADJUDICA_LOG`: `from_environment` is not a whole number",
        "`threads` is not a setting of the server; they are",
        "`--listen`: `nowhere` does not fit",
        "adjudica.toml: `policy_threads`: `two` is not a whole number of 0 or more",
    ];
    assert_eq!(lines.len(), beginnings.len(), "{text}");
    for (line, beginning) in lines.iter().zip(beginnings) {
        assert!(line.starts_with(beginning), "{line}\n{beginning}");
    }
}

#[test]
fn it_refuses_to_listen_where_others_can_reach() {
    let mut settings = settings("listen = \"0.0.0.0:80\"\n");
    settings.server(&[]);
    assert!(settings.finish().expect_err("a fault").to_string().contains("other machines"));
}
