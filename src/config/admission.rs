//! How much is let in at a time, how slow a client may be, and how the service takes its leave.

use std::time::Duration;

use serde::Deserialize;

/// The door of the service:
///
/// ```toml
/// [admission]
/// bytes_in_flight = 805306368      # memory for bodies and for decoded pictures, half for each
/// head_seconds = 5                 # for the head of a request to arrive
/// idle_seconds = 5                 # between two requests of a connection
/// body_bytes_per_second = 8192     # least rate of a body; 0 for none
/// body_grace_seconds = 3           # over which that rate is counted
/// response_bytes_per_second = 4096 # least rate at which a client takes a response that waits for it; 0 for none
/// response_grace_seconds = 30      # over which that rate is counted
/// notice_seconds = 2               # between a SIGTERM and the end of new connections
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdmissionConfig {
    /// Bytes of memory for requests in work: half for their bodies, which count twice (as they come, and the images
    /// in them), and half for pictures that are being decoded.
    pub bytes_in_flight: u64,
    /// Most seconds for the head of a request to arrive; of a later one, after the time between two requests.
    pub head_seconds: u64,
    /// Most seconds that a connection rests between two requests; a head that begins meanwhile has its own time.
    pub idle_seconds: u64,
    /// Least bytes per second of a body, counted over the grace; 0 sets no least rate.
    pub body_bytes_per_second: u64,
    /// Seconds over which that rate is counted: the longest pause of a body.
    pub body_grace_seconds: u64,
    /// Least bytes per second that a client takes of a response that waits for it, counted over the grace; 0 sets no
    /// least rate. A connection that is slower is given up.
    pub response_bytes_per_second: u64,
    /// Seconds over which that rate is counted: the longest time for which a client may not read at all.
    pub response_grace_seconds: u64,
    /// Seconds between a SIGTERM, from which on `/readyz` answers 503, and the end of new connections. An interrupt
    /// from a terminal gives no notice.
    pub notice_seconds: u64,
}

impl Default for AdmissionConfig {
    fn default() -> Self {
        AdmissionConfig {
            bytes_in_flight: 768 << 20,
            head_seconds: 5,
            idle_seconds: 5,
            body_bytes_per_second: 8 << 10,
            body_grace_seconds: 3,
            response_bytes_per_second: 4 << 10,
            response_grace_seconds: 30,
            notice_seconds: 2,
        }
    }
}

impl AdmissionConfig {
    /// Bytes for bodies; as many are for decoded pictures.
    pub fn half(&self) -> u64 {
        self.bytes_in_flight / 2
    }

    /// The time for a head.
    pub fn head_time(&self) -> Duration {
        Duration::from_secs(self.head_seconds)
    }

    /// The time between two requests of a connection.
    pub fn idle_time(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }

    /// The time over which the rate of a body is counted.
    pub fn body_grace(&self) -> Duration {
        Duration::from_secs(self.body_grace_seconds)
    }

    /// The least rate at which a response is taken, in bytes per second, and over which time it is counted.
    pub fn response_pace(&self) -> (u64, Duration) {
        let grace = Duration::from_secs(self.response_grace_seconds);
        (self.response_bytes_per_second, grace)
    }

    /// The notice before the end.
    pub fn notice(&self) -> Duration {
        Duration::from_secs(self.notice_seconds)
    }
}
