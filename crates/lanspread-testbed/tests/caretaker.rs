//! A run that is killed leaves nothing: neither namespaces nor processes in them nor mounts, and no
//! other run has to come first.
//!
//! As an ordinary user there are no mounts, and namespaces end with their keeper; nothing is tested
//! then.

use std::io::{BufRead, BufReader, Read as _};
use std::process::{Command, Stdio};

const PROBE: &str = env!("CARGO_BIN_EXE_testbed-probe");

#[test]
fn a_killed_run_leaves_neither_namespaces_nor_processes_nor_mounts() {
    let mut run = Command::new(PROBE)
        .arg("party")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the probe starts");
    let mut lines = BufReader::new(run.stdout.take().expect("piped")).lines();
    let names = (lines.next(), lines.next());
    if names.1.is_some() {
        run.kill().expect("it lives");
    }
    run.wait().expect("it was our child");
    // Its end is there when the caretaker and every process of the party have ended.
    let mut said = String::new();
    let mut end = run.stderr.take().expect("piped");
    end.read_to_string(&mut said).expect("readable");

    let (Some(Ok(namespace)), Some(Ok(mount))) = names else {
        assert!(said.contains("root"), "{said}");
        return;
    };
    assert!(!text_of("ip", &["netns", "list"]).contains(&namespace));
    assert!(!text_of("cat", &["/proc/mounts"]).contains(&mount));
    assert!(!std::path::Path::new(&mount).exists());
}

fn text_of(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    String::from_utf8(output.expect("installed").stdout).expect("text")
}
