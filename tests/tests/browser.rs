//! The status page in a real browser: Debian's `chromium`, headless. Skipped where there is none.

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::BufReader;
    use std::path::Path;
    use std::process::Command;

    use serde_json::json;
    use stationd_tests::{Line, Server, WSJF, skipped};
    use tempfile::TempDir;

    const NAMES: [&str; 2] = ["chromium", "chromium-browser"];

    /// A browser with a profile of its own.
    struct Browser {
        name: &'static str,
        dir: TempDir,
    }

    impl Browser {
        fn find() -> Option<Self> {
            let name = NAMES.into_iter().find(|name| {
                let asked = Command::new(name).arg("--version").output();
                asked.is_ok_and(|answer| answer.status.success())
            });
            if name.is_none() {
                skipped("no browser is installed (Debian: chromium)");
            }
            Some(Self {
                name: name?,
                dir: tempfile::tempdir().unwrap(),
            })
        }

        /// What `words` make it write to standard output.
        fn run(&self, words: &[&str], page: &str) -> String {
            let profile = format!("--user-data-dir={}", self.dir.path().join("profile").display());
            let output = Command::new(self.name)
                .env("HOME", self.dir.path())
                .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
                .args(["--window-size=1000,1400", "--timeout=20000", &profile])
                .args(words)
                .arg(page)
                .output()
                .unwrap();
            assert!(output.status.success(), "{words:?}: {output:?}");
            String::from_utf8_lossy(&output.stdout).into_owned()
        }

        /// A picture of the page, as its pixels.
        fn picture(&self, words: &[&str], page: &str) -> Vec<[u8; 3]> {
            let file = self.dir.path().join("picture.png");
            let screenshot = format!("--screenshot={}", file.display());
            self.run(&[words, &[&screenshot]].concat(), page);
            pixels(&file)
        }
    }

    fn pixels(file: &Path) -> Vec<[u8; 3]> {
        let mut reader = png::Decoder::new(BufReader::new(File::open(file).unwrap()))
            .read_info()
            .unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut bytes).unwrap();
        let samples = frame.color_type.samples();
        bytes[..frame.buffer_size()]
            .chunks_exact(samples)
            .map(|pixel| [pixel[0], pixel[1], pixel[2]])
            .collect()
    }

    /// A day with an outage in it, as the daemon keeps it.
    fn history(line: &Line) {
        let now = jiff::Timestamp::now().as_millisecond();
        let points: Vec<_> = (0..288)
            .map(|step: i64| {
                let waiting = if (100..140).contains(&step) { step } else { 1 };
                json!([now - (288 - step) * 300_000, waiting, 40, step % 50 / 49, 40, 120])
            })
            .collect();
        let kept = json!({ "version": 1, "points": points });
        std::fs::write(line.path("state/history.json"), kept.to_string()).unwrap();
    }

    fn share(pixels: &[[u8; 3]], fits: impl Fn([u8; 3]) -> bool) -> f64 {
        let fitting = pixels.iter().filter(|pixel| fits(**pixel)).count();
        #[expect(clippy::cast_precision_loss, reason = "a picture has a million pixels")]
        let share = fitting as f64 / pixels.len() as f64;
        share
    }

    #[test]
    fn the_page_shows_a_day_in_light_and_in_dark() {
        let Some(browser) = Browser::find() else { return };
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", WSJF).http();
        history(&line);
        let daemon = line.start();
        let page = daemon.http();
        line.drop_file("wsjf", b"<b>torn.json", b"{\"type\":");
        daemon.wait_for_code("C210");

        // Time goes faster there, so that the page has refreshed itself.
        let text = browser.run(&["--virtual-time-budget=25000", "--dump-dom"], &page);
        assert!(!text.contains("class=\"lost\""), "it reached the daemon again");
        for shown in [
            "<h1>TEST-1</h1>",
            "working",
            "breaker closed",
            "file=&lt;b&gt;torn.json",
            "C210 converter: rejected",
            "Upload time ms over the last day: now 120, highest 120",
            "Files converted a minute over the last day: now 8.0, highest 8.0",
            "Waiting reports  over the last day: now 1, highest 139",
        ] {
            assert!(text.contains(shown), "{shown} is missing in\n{text}");
        }
        for outside in ["src=", "href=", "url(", "@import"] {
            assert!(!text.contains(outside), "{outside} in\n{text}");
        }
        assert_eq!(text.matches("<svg").count(), 4);
        assert_eq!(text.matches("role=\"img\"").count(), 4, "each plot has its words");

        let bright = |pixel: [u8; 3]| pixel.iter().all(|part| *part > 200);
        let dark = |pixel: [u8; 3]| pixel.iter().all(|part| *part < 60);
        let blue = |[red, _, blue]: [u8; 3]| blue > red.saturating_add(60);
        let in_light = browser.picture(&["--blink-settings=preferredColorScheme=1"], &page);
        assert!(share(&in_light, bright) > 0.7, "{}", share(&in_light, bright));
        assert!(
            share(&in_light, blue) > 0.03,
            "the plots are drawn: {}",
            share(&in_light, blue)
        );
        let in_dark = browser.picture(&["--blink-settings=preferredColorScheme=0"], &page);
        assert!(share(&in_dark, dark) > 0.7, "{}", share(&in_dark, dark));
        assert!(share(&in_dark, blue) > 0.03, "{}", share(&in_dark, blue));
        assert!(daemon.stop().success());
    }
}
