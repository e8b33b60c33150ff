//! The example of an embedding controller (`examples/streaming_job`) tells its story, and what it
//! foretells is what happens. Against faults it is driven by `sim` (`crates/sim/tests/embedding.rs`).

#[path = "../examples/streaming_job/main.rs"]
#[expect(dead_code, reason = "its main function, which only prints")]
mod streaming_job;

/// A chapter of the story, line by line.
struct Chapter<'s> {
    title: &'s str,
    lines: Vec<&'s str>,
}

impl<'s> Chapter<'s> {
    fn of(text: &'s str) -> Chapter<'s> {
        let mut lines = text.lines();
        Chapter { title: lines.next().unwrap_or_default(), lines: lines.collect() }
    }

    /// The phases that the plan names.
    fn foretold(&self) -> Vec<&'s str> {
        let steps = self.lines.iter().filter_map(|line| line.strip_prefix("plan| "));
        steps
            .filter(|step| step.split_whitespace().count() == 1 && !step.starts_with(' '))
            .collect()
    }

    /// The phases that there were, one after the other.
    fn happened(&self) -> Vec<&'s str> {
        let mut words = self.lines.iter().map(|line| line.split_whitespace());
        let phase = |words: &mut std::str::SplitWhitespace<'s>| {
            words.next()?.strip_suffix('s')?.parse::<u32>().ok()?;
            words.next()
        };
        let mut phases: Vec<&str> = words.by_ref().filter_map(|mut w| phase(&mut w)).collect();
        phases.dedup();
        phases
    }

    /// The last words of the lines in which a job does something.
    fn last_words(&self, of: &str) -> Option<&'s str> {
        let line = self.lines.iter().find(|l| l.contains("> job") && l.contains(of))?;
        line.rsplit([' ', '/']).next()
    }
}

fn story() -> String {
    let mut told = Vec::new();
    streaming_job::tell(&mut told).expect("it is told into memory");
    String::from_utf8(told).expect("it is text")
}

#[test]
fn what_is_foretold_of_each_chapter_is_what_happens() {
    let story = story();
    let chapters: Vec<Chapter<'_>> = story.split("=== ").skip(1).map(Chapter::of).collect();
    let foretold: Vec<Vec<&str>> = chapters.iter().map(Chapter::foretold).collect();
    let dual = ["Updating", "ClusterStarting", "Savepointing", "SubmittingJob", "Running"];
    let in_turn = ["Updating", "Savepointing", "ClusterStarting", "SubmittingJob", "Running"];
    assert_eq!(foretold[1], dual, "{story}");
    assert_eq!(foretold[2], in_turn, "{story}");
    assert_eq!(foretold[4], ["Deleting"], "{story}");
    for (chapter, foretold) in chapters.iter().zip(foretold) {
        let happened = chapter.happened();
        // Where nothing is to be done there is no step, and the phase stays.
        let happened = if foretold.is_empty() { &happened[1..] } else { &happened[..] };
        assert_eq!(happened, foretold, "{}\n{story}", chapter.title);
    }
}

#[test]
fn every_job_goes_on_where_the_one_before_it_stopped() {
    let story = story();
    let chapters: Vec<Chapter<'_>> = story.split("=== ").skip(1).map(Chapter::of).collect();
    let updates = [&chapters[1], &chapters[2]];
    for chapter in updates {
        let stopped = chapter.last_words("stops with");
        assert!(stopped.is_some(), "{story}");
        assert_eq!(chapter.last_words("starts from"), stopped, "{story}");
    }
    assert_eq!(chapters[0].last_words("starts from"), Some("nothing"), "{story}");
    assert!(story.trim_end().ends_with("the job is gone"), "{story}");
}
