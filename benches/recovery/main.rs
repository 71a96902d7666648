//! How well strengths are recovered from judges of whom the truth is known: `recovery [ITEMS [RUNS [EACH]]]`.
//!
//! Prints one line for each judge and way of choosing pairs: the shares of true strengths and of the order
//! effect that lie in their 95 % intervals, with standard errors over runs.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod judge;

use judge::{Answers, Failure, Run, Simulation, Way};

fn main() -> Result<(), Failure> {
    // `cargo bench` adds an option of its own.
    let given: Vec<usize> = (std::env::args().skip(1))
        .filter(|argument| !argument.starts_with("--"))
        .map(|argument| argument.parse())
        .collect::<Result<_, _>>()?;
    let items = u32::try_from(given.first().copied().unwrap_or(100))?;
    let runs = given.get(1).copied().unwrap_or(20) as u64;
    let each = given.get(2).copied().unwrap_or(14);
    println!("items {items}, comparisons of each {each}, runs {runs}");
    println!(
        "answers       pairs   covered           sandwich  tau    slope  error/claimed  order effect     covered"
    );
    for answers in [
        Answers::Drawn,
        Answers::DrawnTwice,
        Answers::Stated(0.7),
        Answers::Stated(2.0),
    ] {
        for way in [Way::Random, Way::Swiss, Way::Active] {
            let simulation = Simulation {
                items,
                each,
                answers,
                way,
                // 64 at once is what rankings ask for; with a thousand items that is a day of refits.
                at_once: if items > 200 { items as usize } else { 64 },
            };
            let runs: Vec<Run> = (0..runs)
                .map(|seed| simulation.run(seed))
                .collect::<Result<_, _>>()?;
            println!("{}", line(&simulation, &runs));
        }
    }
    Ok(())
}

fn line(simulation: &Simulation, runs: &[Run]) -> String {
    let of = |value: &dyn Fn(&Run) -> f64| -> (f64, f64) {
        let values: Vec<f64> = runs.iter().map(value).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (mean, (squares / (count - 1.0).max(1.0) / count).sqrt())
    };
    let (covered, deviation) = of(&|run| run.covered);
    let name = format!("{:?}", simulation.answers);
    let way = format!("{:?}", simulation.way);
    let effect = if runs.iter().all(|run| run.effect.is_some()) {
        let (effect, deviation) = of(&|run| run.effect.map_or(f64::NAN, |effect| effect.0));
        let held = runs
            .iter()
            .filter(|run| run.effect.is_some_and(|effect| effect.1));
        format!(
            "{effect:.3} +- {deviation:.3}  {} of {}",
            held.count(),
            runs.len()
        )
    } else {
        "-".to_owned()
    };
    format!(
        "{name:13} {way:7} {covered:.4} +- {deviation:.4}  {:.4}    {:.3}  {:.3}  {:.3}          {effect}",
        of(&|run| run.by_sandwich).0,
        of(&|run| run.tau).0,
        of(&|run| run.slope).0,
        of(&|run| run.error).0 / of(&|run| run.claimed).0,
    )
}
