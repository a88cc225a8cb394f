//! Power cuts before each single step of a file's way, also with all or some of what was not synced lost.
//!
//! Step for step through the rows of the data-flow table: the file seen, the report converted, the entry committed, the
//! source retired, the receipt kept; and through each start that follows a cut, which is cut itself.

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::{BTreeMap, BTreeSet};

    use stationd_tests::{Books, Cut, Cutter, Line, Lost, Moment, Mounts, Server};

    fn line(server: &Server, after: &str) -> Line {
        let keys = format!("kind = \"builtin\"\nformat = \"wsjf\"\nafter = {after:?}");
        Line::to(server)
            .converter("wsjf", &keys)
            .settings("[upload]\nbackoff_base_s = 1\nbackoff_max_s = 1\nbreaker_timeout_s = 1")
    }

    /// Cuts before the first, the second, … step of a kind, at most so many, until a run needs no more of them; each time
    /// after `drop_more` and with all that the cuts before left behind. Says before how many it cut.
    fn cut_before_each(
        line: &Line,
        most: usize,
        moment: impl Fn(usize) -> Moment,
        lost: impl Fn(usize) -> Lost,
        mut drop_more: impl FnMut(),
        done: impl Fn() -> bool,
    ) -> Option<usize> {
        assert!(line.start().stop().success());
        let mut cuts = 0;
        while cuts < most {
            drop_more();
            let cutter = Cutter::start(line)?;
            let cut = Cut {
                before: moment(cuts + 1),
                lost: lost(cuts),
            };
            if cutter.run(cut, &done).is_none() {
                break;
            }
            cuts += 1;
        }
        Some(cuts)
    }

    /// Cuts the way of files that are moved to the done folder; then everything is delivered, and the books are right.
    fn cut_moves_before_each(
        most: usize,
        moment: impl Fn(usize) -> Moment,
        lost: impl Fn(usize) -> Lost,
    ) -> Option<usize> {
        let server = Server::http();
        let line = line(&server, "move");
        let books = RefCell::new(Books::default());
        let cuts = cut_before_each(
            &line,
            most,
            moment,
            lost,
            || {
                books.borrow().check_files(&line, "wsjf");
                books.borrow_mut().drop_files(&line, "wsjf", 1);
            },
            || all_arrived(&line, &server, books.borrow().dropped()),
        )?;
        let books = books.into_inner();
        books.check_files(&line, "wsjf");
        finish(&line, &server, &books);
        books.check_delivered(&line, "wsjf", &server);
        Some(cuts)
    }

    fn all_arrived(line: &Line, server: &Server, dropped: usize) -> bool {
        server.ids().len() == dropped && line.names("wsjf", "drop").is_empty()
    }

    /// The power is back for good.
    fn finish(line: &Line, server: &Server, books: &Books) {
        let daemon = line.start();
        server.wait_for(books.dropped());
        line.wait_until_empty("wsjf");
        daemon.wait_until_settled(line);
        books.check_records(line);
        assert!(daemon.stop().success());
    }

    #[test]
    fn a_kill_before_any_step_loses_nothing() {
        let cuts = cut_moves_before_each(60, Moment::Step, |_| Lost::Nothing);
        assert!(cuts.is_none_or(|cuts| cuts > 20), "{cuts:?}");
    }

    #[test]
    fn a_power_cut_before_any_step_loses_nothing_though_all_that_was_not_synced_is_gone() {
        let cuts = cut_moves_before_each(60, Moment::Step, |_| Lost::Everything);
        assert!(cuts.is_none_or(|cuts| cuts > 20), "{cuts:?}");
    }

    #[test]
    fn a_power_cut_before_any_step_loses_nothing_though_only_names_outlive_it() {
        let cuts = cut_moves_before_each(60, Moment::Step, |_| Lost::Content);
        assert!(cuts.is_none_or(|cuts| cuts > 20), "{cuts:?}");
    }

    #[test]
    fn a_power_cut_before_any_step_loses_nothing_though_some_of_what_was_not_synced_is_gone() {
        let cuts = cut_moves_before_each(60, Moment::Step, |cut| Lost::Some(cut as u64));
        assert!(cuts.is_none_or(|cuts| cuts > 20), "{cuts:?}");
    }

    #[test]
    fn a_power_cut_before_any_sync_or_rename_loses_nothing() {
        let syncs = cut_moves_before_each(10, Moment::Sync, |_| Lost::Everything);
        assert!(syncs.is_none_or(|cuts| cuts > 0), "{syncs:?}");
        let renames = cut_moves_before_each(10, Moment::Rename, |_| Lost::Everything);
        assert!(renames.is_none_or(|cuts| cuts > 0), "{renames:?}");
    }

    /// Each file is whole in the drop folder, or under its name in the done folder, or in both.
    fn check_whole(line: &Line, whole: &BTreeMap<String, Vec<u8>>) {
        for (name, content) in whole {
            let places = ["drop", "done"].map(|folder| line.path("wsjf").join(folder).join(name));
            let found: Vec<_> = places
                .iter()
                .filter_map(|path| std::fs::read(path).ok())
                .collect();
            assert!(!found.is_empty(), "{name} is lost");
            assert!(found.iter().all(|found| found == content), "{name} is not whole");
        }
    }

    #[test]
    fn a_power_cut_before_any_step_of_a_copy_to_another_file_system_leaves_the_source_or_a_whole_copy() {
        for lost in [Lost::Everything, Lost::Content, Lost::Some(7)] {
            let Some(mounts) = Mounts::own() else { return };
            let server = Server::http();
            let line = line(&server, "move");
            let done = line.path("wsjf/done");
            std::fs::create_dir(&done).unwrap();
            mounts.memory(&done);
            // More than a page, so that a copy can be half written.
            let books = RefCell::new(Books::of_heavy_files(20_000));
            let whole = RefCell::new(BTreeMap::new());
            let cuts = cut_before_each(
                &line,
                80,
                Moment::Step,
                |_| lost,
                || {
                    check_whole(&line, &whole.borrow());
                    books.borrow_mut().drop_files(&line, "wsjf", 1);
                    let name = format!("{}.json", books.borrow().dropped() - 1);
                    let content = std::fs::read(line.path("wsjf/drop").join(&name)).unwrap();
                    whole.borrow_mut().insert(name, content);
                },
                || all_arrived(&line, &server, books.borrow().dropped()),
            );
            let Some(cuts) = cuts else { return };
            assert!(cuts > 25, "{cuts}");
            let books = books.into_inner();
            finish(&line, &server, &books);
            books.check_arrived(&line, "wsjf", &server);
            check_whole(&line, &whole.borrow());
            // A cut between the copy and the end of its source leaves both, and the source is retired again. It knows its
            // copy by a time that the cut may have taken: then there is a second one, but nothing half.
            let contents: BTreeSet<_> = whole.into_inner().into_values().collect();
            for name in line.names("wsjf", "done") {
                let content = std::fs::read(done.join(&name)).unwrap();
                assert!(contents.contains(&content), "{name} is not whole");
            }
            assert_eq!(line.names("wsjf", "drop"), Vec::<String>::new());
        }
    }

    #[test]
    fn a_power_cut_before_any_step_into_the_archive_loses_no_source_and_leaves_nothing_half_made() {
        let server = Server::http();
        let line = line(&server, "archive");
        let books = RefCell::new(Books::default());
        let cuts = cut_before_each(
            &line,
            80,
            Moment::Step,
            |_| Lost::Content,
            || books.borrow_mut().drop_files(&line, "wsjf", 1),
            || all_arrived(&line, &server, books.borrow().dropped()),
        );
        let Some(cuts) = cuts else { return };
        assert!(cuts > 20, "{cuts}");
        let books = books.into_inner();
        finish(&line, &server, &books);
        books.check_arrived(&line, "wsjf", &server);
        let daemon = line.start();
        let replayed = line.ctl(&["replay", "--converter", "wsjf", "--since", "1h", "--dry-run"]);
        assert_eq!(
            replayed.number("/sources"),
            Some(books.dropped() as u64),
            "{}",
            replayed.json
        );
        assert_eq!(replayed.number("/failed"), Some(0), "{}", replayed.json);
        assert!(daemon.stop().success());
        let shelves = std::fs::read_dir(line.path("state/archive")).unwrap();
        for shelf in shelves.map(|shelf| shelf.unwrap().path()) {
            for item in std::fs::read_dir(shelf).unwrap() {
                let name = item.unwrap().file_name();
                assert!(!name.as_encoded_bytes().ends_with(b".part"), "{}", name.display());
            }
        }
    }

    #[test]
    fn a_kill_before_any_step_to_the_error_folder_leaves_each_file_once_beside_its_reason() {
        let server = Server::http();
        let line = line(&server, "move");
        let dropped = Cell::new(0);
        let cuts = cut_before_each(
            &line,
            60,
            Moment::Step,
            |_| Lost::Nothing,
            || {
                let name = format!("{}.json", dropped.get());
                line.drop_old_file("wsjf", name.as_bytes(), format!("no report {name}").as_bytes());
                dropped.set(dropped.get() + 1);
            },
            || line.names("wsjf", "drop").is_empty(),
        );
        let Some(cuts) = cuts else { return };
        assert!(cuts > 10, "{cuts}");
        let daemon = line.start();
        line.wait_until_empty("wsjf");
        daemon.wait_until_settled(&line);
        assert!(daemon.stop().success());
        let mut expected: Vec<_> = (0..dropped.get())
            .flat_map(|number| [format!("{number}.json"), format!("{number}.json.reason.json")])
            .collect();
        expected.sort();
        assert_eq!(line.names("wsjf", "error"), expected);
    }
}
