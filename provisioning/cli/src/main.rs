//! `saal-fleetctl`: what IT types to look after the fleet.

mod administer;
mod alerts;
mod arguments;
mod authority;
mod cli;
mod client;
mod keys;
mod logs;
mod panel;
mod text;
mod updates;
mod values;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match cli::run(Arguments::parse()).await {
        Ok(output) => {
            #[expect(clippy::print_stdout, reason = "this is what the program is for")]
            {
                print!("{output}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("saal-fleetctl: {error:#}");
            ExitCode::FAILURE
        }
    }
}
