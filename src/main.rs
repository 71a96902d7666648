//! The `opine` program: reads the command line, does one thing, and ends with an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    opine::cli::main()
}
