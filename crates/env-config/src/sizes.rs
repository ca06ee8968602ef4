//! Sizes that AWS offers: Fargate tasks, RDS instances, ElastiCache nodes, engine versions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// CPU and memory of a Fargate task. Only certain pairs exist, see [`FARGATE_SIZES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FargateSize {
    /// CPU units; 1024 are one vCPU.
    #[schemars(extend("enum" = [256, 512, 1024, 2048, 4096, 8192, 16384]))]
    pub cpu: u32,
    /// Memory in MiB.
    #[schemars(range(min = 512, max = 122_880))]
    pub memory_mib: u32,
}

/// Memory that Fargate allows for one number of CPU units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FargateMemory {
    /// CPU units.
    pub cpu: u32,
    /// Least memory in MiB.
    pub min_mib: u32,
    /// Most memory in MiB.
    pub max_mib: u32,
    /// Steps in between, in MiB.
    pub step_mib: u32,
}

const fn row(cpu: u32, min_mib: u32, max_mib: u32, step_mib: u32) -> FargateMemory {
    FargateMemory { cpu, min_mib, max_mib, step_mib }
}

/// The sizes of Fargate (ECS developer guide, "Task CPU and memory"; the same table as cfn-lint's E3047).
/// 256 units go with 512, 1024 and 2048 MiB: the one row that is not evenly spaced, see [`FargateMemory::allows`].
pub const FARGATE_SIZES: [FargateMemory; 7] = [
    row(256, 512, 2_048, 512),
    row(512, 1_024, 4_096, 1_024),
    row(1_024, 2_048, 8_192, 1_024),
    row(2_048, 4_096, 16_384, 1_024),
    row(4_096, 8_192, 30_720, 1_024),
    row(8_192, 16_384, 61_440, 4_096),
    row(16_384, 32_768, 122_880, 8_192),
];

impl FargateMemory {
    /// Whether the amount of memory exists for these CPU units.
    pub fn allows(self, memory_mib: u32) -> bool {
        let uneven = self.cpu == 256 && memory_mib == 1_536;
        (self.min_mib..=self.max_mib).contains(&memory_mib)
            && (memory_mib - self.min_mib).is_multiple_of(self.step_mib)
            && !uneven
    }
}

impl FargateMemory {
    /// The amounts, for messages: `512, 1024, 2048` or `2048 to 8192 in steps of 1024`.
    pub fn text(self) -> String {
        if self.cpu == 256 {
            return "512, 1024 or 2048".to_owned();
        }
        format!("{} to {} in steps of {}", self.min_mib, self.max_mib, self.step_mib)
    }
}

impl FargateSize {
    /// Whether Fargate offers this pair.
    pub fn exists(self) -> bool {
        FARGATE_SIZES.iter().any(|row| row.cpu == self.cpu && row.allows(self.memory_mib))
    }
}

/// Values that CloudWatch Logs accepts as retention (API reference, `PutRetentionPolicy`).
pub const LOG_RETENTION_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

#[cfg(test)]
mod tests {
    use super::*;

    fn exists(cpu: u32, memory_mib: u32) -> bool {
        FargateSize { cpu, memory_mib }.exists()
    }

    #[test]
    fn the_matrix_of_fargate() {
        let pairs = [(256, 512), (256, 2048), (512, 4096), (1024, 2048), (8192, 20_480), (16_384, 122_880)];
        assert!(pairs.iter().all(|(cpu, memory)| exists(*cpu, *memory)));
        let missing = [
            (256, 1536),
            (256, 4096),
            (512, 512),
            (1024, 2500),
            (8192, 17_408),
            (16_384, 36_864),
            (300, 512),
        ];
        assert!(missing.iter().all(|(cpu, memory)| !exists(*cpu, *memory)));
    }
}
