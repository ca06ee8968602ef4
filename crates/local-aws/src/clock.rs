//! How virtual time moves.

use std::time::{Duration, Instant};

use rollout_sim::SimTime;

/// What moves the clock of a served account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClockMode {
    /// Time stands still until somebody advances it.
    Manual,
    /// Every second of wall time is this many seconds of virtual time; it can also be advanced by hand.
    Speed(f64),
}

/// Maps wall time to virtual time.
#[derive(Debug)]
pub(crate) struct Clock {
    mode: ClockMode,
    started: Instant,
    base: SimTime,
}

impl Clock {
    pub(crate) fn new(mode: ClockMode, now: SimTime) -> Self {
        Self { mode, started: Instant::now(), base: now }
    }

    pub(crate) const fn mode(&self) -> ClockMode {
        self.mode
    }

    /// The virtual moment it is by this clock, never before `world_now`.
    pub(crate) fn now(&self, world_now: SimTime) -> SimTime {
        match self.mode {
            ClockMode::Manual => world_now,
            ClockMode::Speed(speed) => self.at(self.started.elapsed(), speed).max(world_now),
        }
    }

    /// Continues from a moment that was set by hand.
    pub(crate) fn jump_to(&mut self, now: SimTime) {
        self.started = Instant::now();
        self.base = now;
    }

    fn at(&self, elapsed: Duration, speed: f64) -> SimTime {
        self.base + Duration::try_from_secs_f64(elapsed.as_secs_f64() * speed).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_still() {
        let clock = Clock::new(ClockMode::Manual, SimTime::START);
        let later = SimTime::START + Duration::from_secs(5);
        assert_eq!(clock.now(later), later);
    }

    #[test]
    fn speed_multiplies_elapsed_wall_time() {
        let clock = Clock::new(ClockMode::Speed(60.0), SimTime::START);
        let moment = clock.at(Duration::from_secs(2), 60.0);
        assert_eq!(moment.since(SimTime::START), Duration::from_secs(120));
    }

    #[test]
    fn a_jump_moves_the_base() {
        let mut clock = Clock::new(ClockMode::Speed(1.0), SimTime::START);
        let later = SimTime::START + Duration::from_secs(3600);
        clock.jump_to(later);
        assert!(clock.now(SimTime::START) >= later);
    }
}
