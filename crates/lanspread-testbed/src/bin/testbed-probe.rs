//! A small program for the test bed's own tests: it talks on a party's network, and it plays a
//! peer that speaks JSON lines without being one.
//!
//! The invariant: every wait for a packet has a limit, so a test of a broken network ends.

use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

use lanspread_testbed::caretaker::Caretaker;
use lanspread_testbed::disk::SmallDisk;
use lanspread_testbed::net::Party;

/// How long the probe listens before it gives up.
const PATIENCE: Duration = Duration::from_secs(5);

/// The group and port of the probe's own multicast, from the range for local use.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 7, 7, 7);
const GROUP_PORT: u16 = 7777;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["listen", address] => listen(address),
        ["hear-group", own] => hear_group(own),
        ["send", to, count] => send(to, count),
        ["send-group", own] => send_group(own),
        ["jsonl", ..] => play_peer(),
        ["party"] => hold_party(),
        _ => Err(
            "usage: listen ADDR | hear-group OWN | send ADDR COUNT | send-group OWN | party".into(),
        ),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("testbed-probe: {error}");
            ExitCode::FAILURE
        }
    }
}

type Done = Result<(), Box<dyn std::error::Error>>;

/// Says that it is ready, then prints how many packets came until one said "end" or none came for
/// a while.
fn listen(address: &str) -> Done {
    count_packets(&UdpSocket::bind(address)?)
}

fn hear_group(own: &str) -> Done {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, GROUP_PORT))?;
    socket.join_multicast_v4(&GROUP, &own.parse()?)?;
    count_packets(&socket)
}

fn count_packets(socket: &UdpSocket) -> Done {
    socket.set_read_timeout(Some(PATIENCE))?;
    println!("ready");
    let mut buffer = [0; 2048];
    let mut count = 0;
    while let Ok(length) = socket.recv(&mut buffer) {
        if &buffer[..length] == b"end" {
            break;
        }
        count += 1;
    }
    println!("{count}");
    Ok(())
}

fn send(to: &str, count: &str) -> Done {
    let to: SocketAddr = to.parse()?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    for _ in 0..count.parse::<u32>()? {
        socket.send_to(&[b'x'; 1000], to)?;
    }
    end(&socket, to)
}

fn send_group(own: &str) -> Done {
    let socket = UdpSocket::bind((own.parse::<Ipv4Addr>()?, 0))?;
    socket.send_to(b"x", (GROUP, GROUP_PORT))?;
    end(&socket, (GROUP, GROUP_PORT).into())
}

/// Says "end" often enough for one to survive a lossy cable.
fn end(socket: &UdpSocket, to: SocketAddr) -> Done {
    for _ in 0..20 {
        socket.send_to(b"end", to)?;
    }
    Ok(())
}

/// Builds a party with a listener in it and a memory file system, says what they are called, and
/// waits to be killed.
fn hold_party() -> Done {
    let _caretaker = Caretaker::start()?;
    let party = Party::of(&["alpha"])?;
    let disk = SmallDisk::mount(1)?;
    let host = party.host("alpha")?;
    let _listener = host.command("sleep").arg("600").spawn()?;
    println!("{}", host.namespace());
    println!("{}", disk.path().display());
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// Answers every line as `lanspread jsonl` would, in form: `shutdown` ends it, `fail` is refused,
/// `mute` is not answered, `list-games` lists one game with as many peers as it was asked before,
/// and everything else is answered and followed by an event.
fn play_peer() -> Done {
    let mut output = std::io::stdout().lock();
    let mut questions = 0;
    eprintln!("the probe plays a peer");
    writeln!(output, r#"{{"type":"event","event":"started"}}"#)?;
    for line in std::io::stdin().lock().lines() {
        let line: serde_json::Value = serde_json::from_str(&line?)?;
        let (seq, cmd) = (&line["seq"], line["cmd"].as_str().unwrap_or_default());
        match cmd {
            "fail" => {
                let error = r#"{"kind":"no-such-game","message":"there is no such game"}"#;
                writeln!(
                    output,
                    r#"{{"type":"result","seq":{seq},"ok":false,"error":{error}}}"#
                )?;
            }
            "mute" => {}
            "list-games" => {
                let games = format!(r#"[{{"id":"quake","peers":{questions}}}]"#);
                let data = format!(r#"{{"games":{games}}}"#);
                writeln!(
                    output,
                    r#"{{"type":"result","seq":{seq},"ok":true,"data":{data}}}"#
                )?;
                writeln!(output, r#"{{"type":"event","event":"games-list-updated"}}"#)?;
                questions += 1;
            }
            "shutdown" => {
                writeln!(
                    output,
                    r#"{{"type":"result","seq":{seq},"ok":true,"data":{{}}}}"#
                )?;
                return Ok(());
            }
            other => {
                writeln!(
                    output,
                    r#"{{"type":"result","seq":{seq},"ok":true,"data":{{"echo":"{other}"}}}}"#
                )?;
                writeln!(output, r#"{{"type":"event","event":"did","id":"{other}"}}"#)?;
            }
        }
        output.flush()?;
    }
    Ok(())
}
