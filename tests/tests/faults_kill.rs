//! kill -9 at random moments, with a server that works and with one that fails in every way it knows.

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};
    use stationd_tests::{Books, Daemon, Line, Server, WSJF};

    /// What a run is made of. The same seed gives the same delays; what the daemon is at by then is up to the machine.
    struct Run {
        seed: u64,
        kills: usize,
        files_per_kill: usize,
        /// How the server fails while there are kills.
        fail: &'static str,
    }

    /// Longest life of a daemon that is to be killed, in milliseconds: beyond its start and into its work.
    const LONGEST_LIFE: u64 = 600;

    fn line(server: &Server) -> Line {
        Line::to(server)
            .converter("wsjf", WSJF)
            .server("request_timeout_s = 2\nconnect_timeout_s = 2")
            .settings("[upload]\nbackoff_base_s = 1\nbackoff_max_s = 1\nbreaker_timeout_s = 1")
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the moment of a kill is random by intent; no verdict depends on it"
    )]
    fn wait_a_random_while(random: &mut StdRng) {
        std::thread::sleep(Duration::from_micros(random.random_range(0..LONGEST_LIFE * 1000)));
    }

    impl Run {
        fn check(&self) {
            let mut random = StdRng::seed_from_u64(self.seed);
            let server = Server::https();
            server.fail(self.fail);
            let line = line(&server);
            let mut books = Books::default();
            for _ in 0..self.kills {
                let before = random.random_range(0..=self.files_per_kill);
                books.drop_files(&line, "wsjf", before);
                // Not waited for: it may be killed while it starts.
                let daemon = Daemon::start(&line.write_settings());
                books.drop_files(&line, "wsjf", self.files_per_kill - before);
                wait_a_random_while(&mut random);
                daemon.kill();
                books.check_files(&line, "wsjf");
            }
            let daemon = line.start();
            server.fail("none");
            server.wait_for(books.dropped());
            daemon.wait_until_settled(&line);
            books.check_records(&line);
            assert!(daemon.stop().success());
            books.check_delivered(&line, "wsjf", &server);
        }
    }

    #[test]
    fn kills_at_random_moments_lose_nothing_and_send_nothing_under_two_ids() {
        let run = Run {
            seed: 1,
            kills: 25,
            files_per_kill: 12,
            fail: "none",
        };
        run.check();
    }

    #[test]
    fn kills_at_random_moments_while_the_server_fails_in_every_way_lose_nothing() {
        let run = Run {
            seed: 2,
            kills: 20,
            files_per_kill: 8,
            fail: "random:seed=2@0.5",
        };
        run.check();
    }

    #[test]
    fn a_stop_in_the_middle_of_a_reload_is_obeyed() {
        let server = Server::http();
        for priority in 1..=8 {
            let line = line(&server);
            let daemon = line.start();
            let settings = line.write_settings();
            let text = std::fs::read_to_string(&settings).unwrap();
            std::fs::write(&settings, format!("{text}priority = {priority}\n")).unwrap();
            assert!(line.ctl(&["reload"]).success);
            let stopped = daemon.stop();
            assert!(stopped.success(), "{stopped}");
        }
    }

    #[test]
    #[ignore = "takes some minutes; tests/README.md has the command"]
    fn two_hundred_kills_lose_nothing() {
        for (seed, fail) in [(3, "none"), (4, "random:seed=4@0.5")] {
            let run = Run {
                seed,
                kills: 100,
                files_per_kill: 10,
                fail,
            };
            run.check();
        }
    }
}
