//! Health, metrics and the status page of a running daemon, and what is built on the metrics' names.

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::Write as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    use prometheus_parse::{Scrape, Value};
    use serde_json::Value as Json;
    use stationd_tests::{Daemon, Line, Server, WSJF, get, report, skipped};

    /// A line that delivered a file, rejected another one, and stopped a converter that reached for the network.
    struct Scene {
        _line: Line,
        _server: Server,
        daemon: Daemon,
        page: String,
    }

    fn scene() -> Scene {
        let server = Server::http();
        let line = Line::to(&server).converter("wsjf", WSJF).http();
        let daemon = line.start();
        let page = daemon.http();
        line.drop_file("wsjf", b"one.json", report("SN1").as_bytes());
        line.drop_file("wsjf", b"torn.json", b"{\"type\":");
        daemon.wait_for_code("U401");
        daemon.wait_for_code("C210");
        daemon.wait_until_settled(&line);
        Scene {
            _line: line,
            _server: server,
            daemon,
            page,
        }
    }

    fn delivery(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../systemd")
            .join(name)
    }

    #[test]
    fn each_path_answers_a_probe() {
        let scene = scene();
        for (path, status) in [
            ("/health", 200),
            ("/health/live", 200),
            ("/health/ready", 200),
            ("/health/details", 200),
            ("/metrics", 200),
            ("/", 200),
            ("/favicon.ico", 404),
        ] {
            assert_eq!(get(&scene.page, path).status, status, "{path}");
        }
        let details: Json = serde_json::from_str(&get(&scene.page, "/health/details").body).unwrap();
        for part in [
            "store",
            "server",
            "queue",
            "converters",
            "sandbox",
            "disk",
            "clock",
        ] {
            assert!(details[part]["status"].is_string(), "{part}: {details}");
        }
        assert!(scene.daemon.stop().success());
    }

    #[test]
    fn a_folder_that_is_gone_is_told_until_its_converter_is_switched_off() {
        let server = Server::http();
        let polled = "format = \"wsjf\"\nwatch = \"poll\"\npoll_s = 1";
        let line = Line::to(&server).converter("wsjf", polled).http();
        let daemon = line.start();
        let page = daemon.http();
        let told = || {
            let metrics = get(&page, "/metrics").body;
            let blocked = metrics.contains("stationd_converter_blocked{converter=\"wsjf\"} 1");
            let state = line.ctl(&["status"]).word("/converters/0/state").to_owned();
            (blocked, get(&page, "/health").status, state)
        };
        assert_eq!(told(), (false, 200, "idle".to_owned()));
        std::fs::remove_dir(line.path("wsjf/drop")).unwrap();
        daemon.wait_for_code("W110");
        assert_eq!(told(), (true, 503, "blocked".to_owned()));
        assert!(line.ctl(&["converter", "disable", "wsjf"]).success);
        assert_eq!(told(), (false, 200, "disabled".to_owned()));
        assert!(line.ctl(&["converter", "enable", "wsjf"]).success);
        std::fs::create_dir(line.path("wsjf/drop")).unwrap();
        daemon.wait_for_code("W111");
        assert_eq!(told(), (false, 200, "idle".to_owned()));
        assert!(daemon.stop().success());
    }

    #[test]
    fn the_metrics_can_be_scraped_and_say_what_happened() {
        let scene = scene();
        let page = get(&scene.page, "/metrics");
        assert!(page.head.contains("text/plain; version=0.0.4"), "{}", page.head);
        let lines = page.body.lines().map(|line| Ok(line.to_owned()));
        let scrape = Scrape::parse(lines).expect("a library reads the format");
        let samples = page.body.lines().filter(|line| !line.starts_with('#')).count();
        let histograms: usize = scrape
            .samples
            .iter()
            .map(|sample| match &sample.value {
                // Its sum and its count are samples of their own for the library.
                Value::Histogram(buckets) => buckets.len() - 1,
                _ => 0,
            })
            .sum();
        assert_eq!(
            scrape.samples.len() + histograms,
            samples,
            "each line is a sample"
        );
        let value = |name: &str, label: &str, is: &str| {
            let mut found = scrape.samples.iter().filter(|sample| {
                sample.metric == name && (label.is_empty() || sample.labels.get(label) == Some(is))
            });
            found.next().map(|sample| sample.value.clone())
        };
        let counted = |outcome| value("stationd_files_total", "outcome", outcome);
        assert_eq!(counted("converted"), Some(Value::Counter(1.0)));
        assert_eq!(counted("failed"), Some(Value::Counter(1.0)));
        for histogram in [
            "stationd_conversion_seconds",
            "stationd_upload_seconds",
            "stationd_store_commit_seconds",
        ] {
            let Some(Value::Histogram(buckets)) = value(histogram, "", "") else {
                unreachable!("{histogram} is a histogram: {}", page.body)
            };
            assert!(buckets.is_sorted_by(|a, b| a.less_than < b.less_than && a.count <= b.count));
            assert!(
                buckets
                    .last()
                    .is_some_and(|last| last.less_than.is_infinite() && last.count >= 1.0)
            );
        }
        assert!(scrape.docs.len() > 30, "each family has its help");
        promtool(&["check", "metrics"], Some(&page.body));
        assert!(scene.daemon.stop().success());
    }

    /// Runs Prometheus' own checker, where it is installed.
    fn promtool(words: &[&str], input: Option<&str>) {
        let started = Command::new("promtool")
            .args(words)
            .current_dir(delivery(""))
            .stdin(if input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = started else {
            skipped("promtool is not installed (Debian: prometheus)");
            return;
        };
        if let Some(text) = input {
            child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        }
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "promtool {words:?}: {output:?}");
    }

    /// Each sample of `/metrics`: its name, and the labels with all values seen.
    fn served(text: &str) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
        let mut families: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (series, _) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let known = families.entry(name.to_owned()).or_default();
            for (label, value) in matchers(labels.trim_end_matches('}')) {
                known.entry(label).or_default().insert(value);
            }
        }
        families
    }

    /// `a="b",c=~"d"` taken apart; a value that is matched by a pattern is empty.
    fn matchers(text: &str) -> Vec<(String, String)> {
        text.split("\",")
            .filter_map(|pair| pair.split_once('='))
            .map(|(label, value)| {
                let exact = value.strip_prefix('"').map(|value| value.trim_end_matches('"'));
                (
                    label.trim_end_matches('!').to_owned(),
                    exact.unwrap_or_default().to_owned(),
                )
            })
            .collect()
    }

    /// Each of our metrics that an expression names, with its matchers.
    fn named(expression: &str) -> Vec<(String, Vec<(String, String)>)> {
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let mut found = Vec::new();
        for (at, _) in expression
            .match_indices("stationd_")
            .chain(expression.match_indices("process_"))
        {
            let (before, rest) = expression.split_at(at);
            if before.ends_with(is_name) {
                continue;
            }
            let (name, rest) = rest.split_at(rest.find(|letter| !is_name(letter)).unwrap_or(rest.len()));
            let labels = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            found.push((
                name.to_owned(),
                labels.map_or(Vec::new(), |(labels, _)| matchers(labels)),
            ));
        }
        found
    }

    fn check(expressions: &[String], metrics: &str) {
        // What Prometheus adds to each sample.
        const ADDED: [&str; 2] = ["job", "instance"];
        let served = served(metrics);
        let mut used = BTreeSet::new();
        for expression in expressions {
            for (name, matchers) in named(expression) {
                // Of a counter by labels nobody has seen yet there is only its family.
                let family = format!("# TYPE {name} ");
                let Some(labels) = served.get(&name) else {
                    assert!(metrics.contains(&family), "{name} is not served: {expression}");
                    continue;
                };
                for (label, value) in matchers
                    .iter()
                    .filter(|(label, _)| !ADDED.contains(&label.as_str()))
                {
                    let values = labels.get(label);
                    assert!(values.is_some(), "{name} has no label {label}: {expression}");
                    let known = values.is_some_and(|values| value.is_empty() || values.contains(value));
                    assert!(known, "{name} has no {label}={value}: {expression}");
                }
                used.insert(name);
            }
        }
        assert!(used.len() > 5, "the expressions were found: {used:?}");
    }

    #[test]
    fn the_alert_rules_name_only_metrics_that_are_served() {
        let text = std::fs::read_to_string(delivery("stationd.rules.yml")).unwrap();
        let expressions: Vec<_> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("expr: ").map(str::to_owned))
            .collect();
        let scene = scene();
        check(&expressions, &get(&scene.page, "/metrics").body);
        assert!(scene.daemon.stop().success());
        promtool(&["check", "rules", "stationd.rules.yml"], None);
        promtool(&["test", "rules", "stationd.rules.test.yml"], None);
    }

    /// The texts at a path of each of some objects.
    fn texts<'a>(of: &'a Json, member: &'a str) -> impl Iterator<Item = &'a str> {
        let all = of.as_array().into_iter().flatten();
        all.map(move |one| one[member].as_str().unwrap_or_default())
    }

    fn dashboard() -> Json {
        serde_json::from_slice(&std::fs::read(delivery("stationd-dashboard.json")).unwrap()).unwrap()
    }

    /// The server that is chosen at the top of the dashboard.
    fn chosen() -> Json {
        serde_json::json!({"type": "prometheus", "uid": "${datasource}"})
    }

    #[test]
    fn the_dashboard_can_be_imported_anywhere() {
        let dashboard = dashboard();
        // That of Grafana 10.2; a newer one upgrades it, an older one reads it.
        assert_eq!(dashboard["schemaVersion"], 38);
        assert!(dashboard["uid"].as_str().is_some_and(|uid| uid.len() <= 40));
        // An id is that of one installation, and would overwrite a dashboard there.
        assert!(dashboard["id"].is_null());
        let variables = &dashboard["templating"]["list"];
        assert_eq!(
            texts(variables, "name").collect::<Vec<_>>(),
            ["datasource", "instance"]
        );
        assert_eq!(
            texts(variables, "type").collect::<Vec<_>>(),
            ["datasource", "query"]
        );
        assert_eq!(variables[1]["datasource"], chosen());
        for panel in dashboard["panels"].as_array().unwrap() {
            let targets = panel["targets"].as_array().unwrap();
            let asked = std::iter::once(panel).chain(targets);
            assert!(
                asked.into_iter().all(|one| one["datasource"] == chosen()),
                "{panel}"
            );
            let references: BTreeSet<_> = texts(&panel["targets"], "refId").collect();
            assert_eq!(references.len(), targets.len(), "{panel}");
        }
    }

    #[test]
    fn no_panel_of_the_dashboard_lies_on_another() {
        let dashboard = dashboard();
        let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
        for panel in dashboard["panels"].as_array().unwrap() {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
            let place = |side: &str| panel["gridPos"][side].as_u64().unwrap();
            assert!(place("w") > 0 && place("x") + place("w") <= 24, "{panel}");
            for x in place("x")..place("x") + place("w") {
                for y in place("y")..place("y") + place("h") {
                    assert!(cells.insert((x, y)), "{panel}");
                }
            }
        }
        let area: u64 = cells.iter().map(|(_, y)| y + 1).max().unwrap_or(0) * 24;
        assert_eq!(u64::try_from(cells.len()).unwrap(), area, "the grid has no holes");
    }

    #[test]
    fn each_panel_of_the_dashboard_has_units_and_options_that_grafana_knows() {
        /// Ids of units. Source: Grafana, "Standard options definitions", and its list of units.
        const UNITS: [&str; 5] = ["bytes", "cpm", "percentunit", "s", "short"];
        for panel in dashboard()["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            let defaults = &panel["fieldConfig"]["defaults"];
            let overrides = panel["fieldConfig"]["overrides"].as_array().unwrap();
            let properties = overrides
                .iter()
                .flat_map(|one| one["properties"].as_array().unwrap());
            let overridden = properties
                .filter(|one| one["id"] == "unit")
                .map(|one| &one["value"]);
            for unit in std::iter::once(&defaults["unit"]).chain(overridden) {
                let known = UNITS.iter().any(|known| unit == known);
                assert!(unit.is_null() || known, "{title}: {unit}");
            }
            for one in overrides {
                let series = &one["matcher"]["options"];
                let mut legends = texts(&panel["targets"], "legendFormat");
                assert!(legends.any(|legend| series == legend), "{title}: {series}");
            }
            match panel["type"].as_str() {
                Some("timeseries") => assert!(panel["options"]["legend"].is_object(), "{title}"),
                Some("stat") => {
                    assert!(
                        panel["options"]["reduceOptions"]["calcs"][0].is_string(),
                        "{title}"
                    );
                    assert!(defaults["thresholds"]["steps"][0]["value"].is_null(), "{title}");
                }
                other => panic!("{title}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_dashboard_names_only_metrics_that_are_served() {
        let dashboard = dashboard();
        let panels = dashboard["panels"].as_array().unwrap();
        let expressions: Vec<_> = panels
            .iter()
            .flat_map(|panel| panel["targets"].as_array().unwrap())
            .map(|target| target["expr"].as_str().unwrap().to_owned())
            .collect();
        assert!(panels.iter().all(|panel| panel["description"].is_string()));
        let scene = scene();
        check(&expressions, &get(&scene.page, "/metrics").body);
        assert!(scene.daemon.stop().success());
    }
}
