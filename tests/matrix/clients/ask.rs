/* SPDX-License-Identifier: MIT */
/* ask HOST: what HOST says, by Rust's standard library. */
use std::io::Read;

fn main() -> std::io::Result<()> {
    let host = std::env::args().nth(1).expect("usage: ask HOST");
    let mut said = String::new();
    std::net::TcpStream::connect((host.as_str(), 23))?.read_to_string(&mut said)?;
    print!("{said}");
    Ok(())
}
