//! The latency of a single file, from its rename into the drop folder to the server's receipt of the request.

use std::time::{Duration, Instant};

use stationd_tests::bench::percentile;
use stationd_tests::{Line, Server};

use crate::Used;
use crate::figure::{Figures, Kind};
use crate::input::Input;
use crate::machine::server_root;
use crate::rest::pause;

/// Files whose latency is taken, one after the other.
const SINGLE: u16 = 500;
/// The line is at rest before each: a tester delivers one result in a while.
const BETWEEN: Duration = Duration::from_millis(30);

/// Files one by one.
pub(crate) fn measure(figures: &mut Figures, short: bool, used: &mut Used) {
    let files = if short { SINGLE / 5 } else { SINGLE };
    let root = server_root();
    for (protocol, server) in [
        ("http", Server::http_in(&root)),
        ("https", Server::https_in(&root)),
    ] {
        let line = Line::to(&server).converter("wsjf", &Input::Wsjf.settings());
        let daemon = line.start();
        let mut took: Vec<Duration> = (1..=files)
            .map(|number| {
                let content = Input::Wsjf.file(number.into(), 30);
                pause(BETWEEN);
                let dropped = Instant::now();
                line.drop_file("wsjf", format!("{number}.json").as_bytes(), &content);
                server.wait_for(number.into());
                dropped.elapsed()
            })
            .collect();
        took.sort();
        for share in [50, 95, 99] {
            let ms = percentile(&took, share).as_secs_f64() * 1e3;
            figures.add(
                format!("latency over {protocol}, {share} %"),
                ms,
                "ms",
                Kind::Wall,
            );
        }
        daemon.stop();
        used.push((line, server.down()));
        if short {
            return;
        }
    }
}
