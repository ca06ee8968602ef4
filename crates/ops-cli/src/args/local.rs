//! `local`

use clap::Subcommand;

/// `local`
#[derive(Debug, Clone, Subcommand)]
pub enum LocalCommand {
    /// Forget the local account
    Reset,
    /// Show what the local account holds
    Status,
    /// Serve the local AWS for other clients (aws CLI, boto3)
    Serve {
        /// Port on 127.0.0.1; 0 picks a free one
        #[arg(long, default_value_t = 4566)]
        port: u16,
        /// Virtual seconds per wall-clock second
        #[arg(long, default_value_t = 1.0, value_parser = speed)]
        speed: f64,
    },
}

/// Fastest clock: a day of virtual time in about a second. What happens in it is computed at the next request.
const MAX_SPEED: f64 = 86_400.0;

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed > 0.0 && speed <= MAX_SPEED => Ok(speed),
        _ => Err(format!("must be a number above 0 and up to {MAX_SPEED}")),
    }
}

#[cfg(test)]
mod tests {
    use super::speed;

    #[test]
    fn a_speed_is_a_finite_positive_number() {
        assert_eq!(speed("60"), Ok(60.0));
        for wrong in ["inf", "NaN", "-1", "0", "1e9", "fast"] {
            assert!(speed(wrong).is_err(), "{wrong}");
        }
    }
}
