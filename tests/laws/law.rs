//! The laws themselves, for any machine with a source of arbitrary inputs. Knows nothing of what a machine decides.
//!
//! A script is made by a driver that wakes when it is told to; then others play the same inputs: one that sleeps through
//! every deadline, one that wakes once a second as a hidden tab does, one that wakes all the time.

use std::fmt::Debug;

use hawker_player_core::random::Random;
use hawker_wire::{Instant, Machine, Span};

/// Scripts of a machine, and inputs of each: together all machines take two seconds in a debug build.
const SCRIPTS: u64 = 24;
const INPUTS: usize = 80;
/// Inputs of the script that tries to outgrow the limits.
const FLOOD: usize = 2_500;
/// Outputs of one call. More is taken for a drain that does not end.
const DRAIN_MAX: usize = 20_000;
/// Deadlines between two inputs. More is taken for a deadline that does not move on.
const WAKES_MAX: usize = 20_000;

/// A machine, and somebody who feeds it whatever could come: mostly sense, sometimes nonsense.
pub(crate) trait Subject: Sized {
    /// The machine.
    type Machine: Machine<Input: Clone + Debug, Output: Debug>;
    /// The file of its `impl Machine`.
    const FILE: &'static str;
    /// Characters of [`Self::state`] that no input may exceed.
    const STATE_MAX: usize;

    /// Both at the world's start.
    fn start(seed: u64) -> (Self::Machine, Self);

    /// What happens next.
    fn input(&mut self, random: &mut Random, now: Instant) -> <Self::Machine as Machine>::Input;

    /// Hears what the machine wants.
    fn wanted(&mut self, _now: Instant, _output: &<Self::Machine as Machine>::Output) {}

    /// All that decides what it does next, as text.
    fn state(machine: &Self::Machine) -> String;

    /// False for what is wanted at a moment only: of several that come late one is enough.
    fn lasts(_output: &<Self::Machine as Machine>::Output) -> bool {
        true
    }

    /// The same bytes as two inputs; `None`: this input is not a piece of a stream.
    fn cut(
        _input: &<Self::Machine as Machine>::Input,
        _at: u64,
    ) -> Option<[<Self::Machine as Machine>::Input; 2]> {
        None
    }
}

/// When a driver lets time pass between two inputs.
#[derive(Clone, Debug)]
enum Driver {
    /// At each deadline.
    OnTime,
    /// Never.
    Asleep,
    /// At each whole second.
    Hidden,
    /// At many moments that nobody asked for.
    Restless(Random),
}

type Inputs<S> = Vec<(Instant, <<S as Subject>::Machine as Machine>::Input)>;

/// What a driver saw: every output, and whether it lasts.
struct Run<S: Subject> {
    seed: u64,
    machine: S::Machine,
    subject: S,
    now: Instant,
    outputs: Vec<(bool, String)>,
}

/// Holds every law for [`Subject::Machine`].
#[track_caller]
pub(crate) fn laws<S: Subject>() {
    for seed in 0..SCRIPTS {
        let pause = |random: &mut Random| match random.below(8) {
            0 | 1 => Span::ZERO,
            2 | 3 => Span::from_us(random.below(60_000)),
            4..=6 => Span::from_us(random.below(1_500_000)),
            _ => Span::from_us(random.below(40_000_000)),
        };
        let (inputs, recorded) = Run::<S>::record(seed, INPUTS, pause);
        let again = Run::<S>::play(seed, &inputs, Driver::OnTime);
        again.same(&recorded, true, "the same seed and inputs");
        for driver in [Driver::Asleep, Driver::Hidden, Driver::Restless(Random::new(seed))] {
            let name = format!("{driver:?}");
            Run::<S>::play(seed, &inputs, driver).same(&recorded, false, &name);
        }
        let mut random = Random::new(seed);
        let cut: Inputs<S> = inputs
            .iter()
            .flat_map(|(at, input)| match S::cut(input, random.next()) {
                Some(pieces) => pieces.map(|piece| (*at, piece)).to_vec(),
                None => vec![(*at, input.clone())],
            })
            .collect();
        if cut.len() > inputs.len() {
            Run::<S>::play(seed, &cut, Driver::OnTime).same(&recorded, true, "bytes cut elsewhere");
        }
    }
    Run::<S>::record(u64::MAX, FLOOD, |random| Span::from_us(random.below(20_000)));
}

impl<S: Subject> Run<S> {
    fn new(seed: u64) -> Self {
        let (machine, subject) = S::start(seed);
        Self { seed, machine, subject, now: Instant::ZERO, outputs: Vec::new() }
    }

    /// Makes a script by playing it, on time.
    fn record(seed: u64, inputs: usize, pause: impl Fn(&mut Random) -> Span) -> (Inputs<S>, Self) {
        let (mut run, mut random, mut script) = (Self::new(seed), Random::new(seed), Vec::new());
        for number in 0..inputs {
            run.pass(run.now + pause(&mut random), &mut Driver::OnTime);
            let input = run.subject.input(&mut random, run.now);
            script.push((run.now, input.clone()));
            run.handle(input);
            if number % 100 == 0 {
                run.small();
            }
        }
        run.end(&mut Driver::OnTime);
        run.small();
        (script, run)
    }

    fn play(seed: u64, inputs: &Inputs<S>, mut driver: Driver) -> Self {
        let mut run = Self::new(seed);
        for (at, input) in inputs {
            run.pass(*at, &mut driver);
            run.handle(input.clone());
        }
        run.end(&mut driver);
        run
    }

    /// Lets time pass until `to`. What is due then is left to the call that is made then.
    fn pass(&mut self, to: Instant, driver: &mut Driver) {
        let mut wakes = 0;
        loop {
            let next = match driver {
                Driver::OnTime => self.machine.wake().map(|(due, _)| due),
                Driver::Asleep => None,
                Driver::Hidden => Some(Instant::from_ms((self.now.as_ms() / 1_000 + 1) * 1_000)),
                Driver::Restless(random) => Some(self.now + Span::from_us(1 + random.below(700_000))),
            };
            let Some(next) = next.filter(|next| *next < to) else { break };
            self.now = next;
            self.tick();
            wakes += 1;
            assert!(wakes < WAKES_MAX, "{}: deadlines without end: {:?}", self.here(), self.machine.wake());
        }
        self.now = to;
    }

    fn handle(&mut self, input: <S::Machine as Machine>::Input) {
        self.machine.handle(self.now, input);
        self.drain();
        let wake = self.machine.wake();
        assert!(wake.is_none_or(|(due, _)| due >= self.now), "{}: a wake in the past: {wake:?}", self.here());
    }

    fn tick(&mut self) {
        self.machine.tick(self.now);
        self.drain();
        let wake = self.machine.wake();
        let moved = wake.is_none_or(|(due, _)| due > self.now);
        assert!(moved, "{}: a wake that does not move on: {wake:?}", self.here());
    }

    fn drain(&mut self) {
        for _ in 0..DRAIN_MAX {
            let Some(output) = self.machine.poll() else {
                assert!(self.machine.poll().is_none(), "{}: an output after the last", self.here());
                return;
            };
            self.outputs.push((S::lasts(&output), format!("{output:?}")));
            self.subject.wanted(self.now, &output);
        }
        panic!("{}: outputs without end", self.here());
    }

    fn end(&mut self, driver: &mut Driver) {
        self.pass(self.now + Span::from_secs(30), driver);
        self.tick();
    }

    fn small(&self) {
        let chars = S::state(&self.machine).len();
        assert!(chars <= S::STATE_MAX, "{}: {chars} characters of state", self.here());
    }

    /// The same outputs, at whatever time, and the same state.
    fn same(&self, expected: &Self, momentary: bool, what: &str) {
        let of = |run: &Self| -> Vec<String> {
            let outputs = run.outputs.iter().filter(|(lasts, _)| *lasts || momentary);
            outputs.map(|(_, output)| output.clone()).chain([S::state(&run.machine)]).collect()
        };
        let (got, expected) = (of(self), of(expected));
        let first = got.iter().zip(&expected).position(|(got, expected)| got != expected);
        let Some(at) = first.or((got.len() != expected.len()).then(|| got.len().min(expected.len()))) else {
            return;
        };
        let show = |outputs: &[String]| {
            outputs.iter().skip(at.saturating_sub(3)).take(6).cloned().collect::<Vec<_>>()
        };
        panic!(
            "{}: {what}: from output {at} on\n{:#?}\nin place of\n{:#?}",
            self.here(),
            show(&got),
            show(&expected)
        );
    }

    fn here(&self) -> String {
        format!("{} (script {}, {})", S::FILE, self.seed, self.now)
    }
}

/// One of these, with equal chances.
pub(crate) fn one<T: Clone>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize].clone()
}

/// True once in so many times.
pub(crate) fn rarely(random: &mut Random, times: u64) -> bool {
    random.below(times) == 0
}

/// Bytes of a peer that lost its mind.
pub(crate) fn noise(random: &mut Random, most: u64) -> Vec<u8> {
    (0..random.below(most + 1)).map(|_| random.next() as u8).collect()
}

/// The same with some bytes changed, or its end cut off.
pub(crate) fn mangled(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    if rarely(random, 2) {
        bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
    }
    for _ in 0..random.below(4) {
        let at = random.below(bytes.len() as u64) as usize;
        if let Some(byte) = bytes.get_mut(at) {
            *byte = random.next() as u8;
        }
    }
    bytes
}
