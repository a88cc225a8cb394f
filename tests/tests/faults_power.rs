//! Power cuts before each single step of a file's way, also with all or some of what was not synced lost.
//!
//! Step for step through the rows of the data-flow table: the file seen, the report converted, the entry committed, the
//! source retired, the receipt kept; and through each start that follows a cut, which is cut itself.

#[cfg(test)]
mod tests {
    use stationd_tests::{Books, Cut, Cutter, Line, Lost, Moment, Server};

    fn line(server: &Server) -> Line {
        Line::to(server)
            .converter("wsjf", "kind = \"builtin\"\nformat = \"wsjf\"")
            .settings("[upload]\nbackoff_base_s = 1\nbackoff_max_s = 1\nbreaker_timeout_s = 1")
    }

    /// Cuts before the first, the second, … step of a kind, at most so many, until a run needs no more of them; each time
    /// with a further file and with all that the cuts before left behind. Says before how many it cut.
    fn cut_before_each(
        most: usize,
        moment: impl Fn(usize) -> Moment,
        lost: impl Fn(usize) -> Lost,
    ) -> Option<usize> {
        let server = Server::http();
        let line = line(&server);
        let mut books = Books::default();
        assert!(line.start().stop().success());
        let mut cuts = 0;
        while cuts < most {
            books.drop_files(&line, "wsjf", 1);
            let cutter = Cutter::start(&line)?;
            let cut = Cut {
                before: moment(cuts + 1),
                lost: lost(cuts),
            };
            let reached = cutter.run(cut, || {
                server.ids().len() == books.dropped() && line.names("wsjf", "drop").is_empty()
            });
            books.check_files(&line, "wsjf");
            if reached.is_none() {
                break;
            }
            cuts += 1;
        }
        let daemon = line.start();
        server.wait_for(books.dropped());
        daemon.wait_until_settled(&line);
        books.check_records(&line);
        assert!(daemon.stop().success());
        books.check_delivered(&line, "wsjf", &server);
        Some(cuts)
    }

    #[test]
    fn a_kill_before_any_step_loses_nothing() {
        let cuts = cut_before_each(60, Moment::Step, |_| Lost::Nothing);
        assert!(cuts.is_none_or(|cuts| cuts > 20), "{cuts:?}");
    }

    #[test]
    fn a_power_cut_before_any_step_loses_nothing_though_all_that_was_not_synced_is_gone() {
        let cuts = cut_before_each(60, Moment::Step, |_| Lost::Everything);
        assert!(cuts.is_none_or(|cuts| cuts > 20), "{cuts:?}");
    }

    #[test]
    fn a_power_cut_before_any_step_loses_nothing_though_some_of_what_was_not_synced_is_gone() {
        let cuts = cut_before_each(60, Moment::Step, |cut| Lost::Some(cut as u64));
        assert!(cuts.is_none_or(|cuts| cuts > 20), "{cuts:?}");
    }

    #[test]
    fn a_power_cut_before_any_sync_or_rename_loses_nothing() {
        let syncs = cut_before_each(10, Moment::Sync, |_| Lost::Everything);
        assert!(syncs.is_none_or(|cuts| cuts > 0), "{syncs:?}");
        let renames = cut_before_each(10, Moment::Rename, |_| Lost::Everything);
        assert!(renames.is_none_or(|cuts| cuts > 0), "{renames:?}");
    }
}
