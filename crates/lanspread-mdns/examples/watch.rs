//! Advertises a made-up peer and prints everything discovery reports, with the time since the start.
//!
//! `cargo run -p lanspread-mdns --example watch -- LISTEN_IP [SECONDS]`, for example with `127.0.0.1`
//! (nothing leaves the machine) or `0.0.0.0` (every interface). It opens no listener: a peer that
//! tries to connect gets no answer.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use lanspread_mdns::{Discovery, DiscoveryConfig, DiscoveryEvent, Interfaces, Timing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let listen_ip: IpAddr = args
        .next()
        .ok_or("usage: watch LISTEN_IP [SECONDS]")?
        .parse()?;
    let seconds = args.next().map_or(Ok(10), |text| text.parse())?;
    let started = Instant::now();
    let mut discovery = Discovery::start(DiscoveryConfig {
        peer_id: format!("{:08x}", std::process::id()).repeat(8),
        listen_port: 47_000,
        interfaces: Interfaces::for_listener(listen_ip),
        protocol_version: 1,
        needs_code: false,
        library_revision: "0".to_owned(),
        host_name: "watch".to_owned(),
        name: format!("watch {}", std::process::id()),
        timing: Timing::default(),
    })?;
    let watch = async {
        while let Some(event) = discovery.next().await {
            let ms = started.elapsed().as_millis();
            match event {
                DiscoveryEvent::Seen(peer) => {
                    println!("{ms:>6} ms  seen {:?} at {:?}", peer.name, peer.candidates);
                }
                DiscoveryEvent::Gone { peer_id } => println!("{ms:>6} ms  gone {peer_id}"),
                DiscoveryEvent::Rejected(rejection) => println!("{ms:>6} ms  {rejection}"),
                DiscoveryEvent::Works => println!("{ms:>6} ms  this peer is advertised"),
                DiscoveryEvent::Trouble(trouble) => println!("{ms:>6} ms  {trouble}"),
            }
        }
    };
    // The end of the time is the normal end of this program.
    let _ = tokio::time::timeout(Duration::from_secs(seconds), watch).await;
    let ending = Instant::now();
    discovery.shutdown().await?;
    println!("ended within {:?}", ending.elapsed());
    Ok(())
}
