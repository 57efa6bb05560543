//! The smallest program that an engine can compile with in a child process. Used by the tests of that way.

use std::process::ExitCode;

fn main() -> ExitCode {
    adjudica_engine::compile_child_main()
}
