//! For a terminal: the facts scroll by as lines, and below them stands a picture of the moment (the
//! application, what it waits for, its objects, its jobs) that is redrawn in place.
//!
//! Plain ANSI: cursor up, erase to the end. Lines of the picture do not wrap, so that it has as many
//! lines on the screen as were written.

use std::io::{self, Write};
use std::time::Duration;

use super::View;
use super::lines::line;
use crate::chronicle::{About, Entry};
use crate::scene::{Application, Job, Object, Scene};

/// The seconds on the picture go by smoothly.
const FRAME: Duration = Duration::from_millis(200);
/// Erases from the cursor to the end of the screen.
const ERASE: &str = "\x1b[J";
const RESET: &str = "\x1b[0m";
/// Lines are cut at the right edge, or go on in the next one.
const CUT: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";
const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const CYAN: &str = "\x1b[36m";

/// Writes to a terminal.
pub struct Terminal<W> {
    out: W,
    rows: usize,
    /// Lines of the picture that stands there now.
    drawn: usize,
    picture: Vec<String>,
}

impl<W: Write> Terminal<W> {
    /// Of that many rows.
    #[must_use]
    pub fn new(out: W, rows: usize) -> Terminal<W> {
        Terminal { out, rows, drawn: 0, picture: Vec::new() }
    }

    /// Writes lines above the picture.
    fn above(&mut self, lines: &[String]) -> io::Result<()> {
        self.erase()?;
        lines.iter().try_for_each(|line| writeln!(self.out, "{line}"))?;
        self.draw()
    }

    fn erase(&mut self) -> io::Result<()> {
        if self.drawn > 0 {
            write!(self.out, "\x1b[{}A\r{ERASE}", self.drawn)?;
        }
        self.drawn = 0;
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        write!(self.out, "{CUT}")?;
        self.picture.iter().try_for_each(|line| writeln!(self.out, "{line}"))?;
        write!(self.out, "{WRAP}")?;
        self.drawn = self.picture.len();
        self.out.flush()
    }
}

fn picture(at: f64, scene: &Scene, rows: usize) -> Vec<String> {
    let mut lines = vec![painted(DIM, &"─".repeat(400))];
    lines.extend(scene.applications.iter().flat_map(|app| application(at, app)));
    // Revisions matter to nobody who watches.
    let shown = scene.objects.iter().filter(|object| object.kind != "ControllerRevision");
    lines.extend(shown.map(object));
    // What ended long ago is in the lines above.
    let ended = scene.jobs.len().saturating_sub(3);
    lines.extend(scene.jobs[ended..].iter().map(job));
    let room = rows.saturating_sub(4).max(4);
    if lines.len() > room {
        let more = lines.len() + 1 - room;
        lines.truncate(room - 1);
        lines.push(painted(DIM, &format!("          … {more} more")));
    }
    lines
}

fn painted(colour: &str, text: &str) -> String {
    format!("{colour}{text}{RESET}")
}

fn application(at: f64, application: &Application) -> Vec<String> {
    let Application { name, phase, reason, message, .. } = application;
    let colour = match application {
        Application { ready: true, .. } => GREEN,
        Application { reconciling: true, .. } => YELLOW,
        _ => RED,
    };
    // What is being waited for stands in the next line.
    let message = if application.waiting_for.is_some() { "" } else { message };
    let title = format!("{at:7.1}s  {name}: {phase} ({reason})  {message}");
    let mut lines = vec![painted(&format!("{BOLD}{colour}"), &title)];
    if let Some(what) = &application.waiting_for {
        lines.push(painted(YELLOW, &format!("          waiting for {what}")));
    }
    lines
}

fn object(object: &Object) -> String {
    let Object { kind, name, state, .. } = object;
    painted(DIM, &format!("          {kind:<10} {name:<40} {state}"))
}

fn job(job: &Job) -> String {
    let Job { id, state, consumed, begins_at, .. } = job;
    let from = job.restored_from.as_deref().unwrap_or("nothing");
    let text = format!("Job {id} {state} at {consumed}; began at {begins_at} from {from}");
    painted(if job.runs { GREEN } else { DIM }, &format!("          {text}"))
}

/// The colour of a fact.
fn colour(about: About) -> &'static str {
    match about {
        About::User => BOLD,
        About::Phase => CYAN,
        About::Event => GREEN,
        About::Waiting => YELLOW,
        About::Warning | About::Error => RED,
        About::Standing | About::Job => "",
        About::Object | About::Pod => DIM,
    }
}

impl<W: Write> View for Terminal<W> {
    fn chapter(&mut self, (number, of): (usize, usize), title: &str, text: &str) -> io::Result<()> {
        let title = format!("\n{BOLD}[{number}/{of}] {title}{RESET}");
        self.above(&[title, format!("      {text}")])
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.above(&[text.to_owned()])
    }

    fn told(&mut self, entries: &[Entry]) -> io::Result<()> {
        let colour = |entry: &Entry| painted(colour(entry.about), &line(entry));
        let lines: Vec<String> = entries.iter().map(colour).collect();
        if lines.is_empty() { Ok(()) } else { self.above(&lines) }
    }

    fn stands(&mut self, at: f64, scene: &Scene) -> io::Result<()> {
        self.picture = picture(at, scene, self.rows);
        self.erase()?;
        self.draw()
    }

    fn frame(&self) -> Option<Duration> {
        Some(FRAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(objects: usize) -> Scene {
        let object = |n: usize| Object {
            kind: "Pod".to_owned(),
            name: format!("pod-{n}"),
            hash: String::new(),
            state: "ready".to_owned(),
        };
        Scene { objects: (0..objects).map(object).collect(), ..Scene::default() }
    }

    fn shown(show: impl FnOnce(&mut Terminal<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        show(&mut Terminal::new(&mut out, 24));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_picture_is_redrawn_over_itself() {
        let out = shown(|terminal| {
            terminal.stands(1.0, &scene(3)).unwrap();
            terminal.stands(2.0, &scene(1)).unwrap();
        });
        // A line and three objects stood there.
        let (_, redrawn) = out.split_once(&format!("\x1b[4A\r{ERASE}")).unwrap();
        assert_eq!(redrawn.lines().count(), 3, "{redrawn:?}");
    }

    #[test]
    fn facts_go_above_the_picture() {
        let out = shown(|terminal| {
            terminal.stands(1.0, &scene(1)).unwrap();
            terminal.say("a fact").unwrap();
        });
        let (_, after) = out.split_once(ERASE).unwrap();
        assert!(after.find("a fact").unwrap() < after.find("pod-0").unwrap());
    }

    #[test]
    fn a_picture_that_has_no_room_is_cut() {
        let lines = picture(1.0, &scene(100), 24);
        assert_eq!(lines.len(), 20);
        assert!(lines[19].contains("82 more"), "{}", lines[19]);
    }
}
