//! Service Quotas: what the account may have, as far as the simulator counts it (botocore `service-quotas/2019-06-24`).

use crate::quotas::{KNOWN, Known};
use crate::wire::{inputs, outputs, page};
use crate::{ApiError, World};

inputs! { "PascalCase"
    /// Input of `GetServiceQuota` and `GetAWSDefaultServiceQuota`.
    pub struct GetServiceQuotaInput {
        /// Code of the service.
        pub service_code: String,
        /// Code of the quota.
        pub quota_code: String,
    }
    /// Input of `ListServiceQuotas`.
    pub struct ListServiceQuotasInput {
        /// Code of the service.
        pub service_code: String,
        /// Page.
        pub next_token: Option<String>,
        /// 1 to 100, default 100.
        pub max_results: Option<usize>,
        /// Only this quota.
        pub quota_code: Option<String>,
    }
    /// Input of `RequestServiceQuotaIncrease`.
    pub struct RequestServiceQuotaIncreaseInput {
        /// Code of the service.
        pub service_code: String,
        /// Code of the quota.
        pub quota_code: String,
        /// How much there should be.
        pub desired_value: f64,
    }
}

outputs! { "PascalCase"
    /// A request for another value.
    pub struct RequestedQuota {
        /// Id.
        pub id: String,
        /// Code of the service.
        pub service_code: String,
        /// Code of the quota.
        pub quota_code: String,
        /// How much there should be.
        pub desired_value: f64,
        /// Always `APPROVED`: nobody is asked here.
        pub status: String,
    }
    /// Output of `RequestServiceQuotaIncrease`.
    pub struct RequestServiceQuotaIncreaseOutput {
        /// The request.
        pub requested_quota: RequestedQuota,
    }
    /// The metric in which CloudWatch has what is used of a quota.
    pub struct MetricInfo {
        /// Namespace.
        pub metric_namespace: String,
        /// Name.
        pub metric_name: String,
        /// Dimensions.
        pub metric_dimensions: std::collections::BTreeMap<String, String>,
        /// Which statistic to read.
        pub metric_statistic_recommendation: String,
    }
    /// A quota.
    pub struct ServiceQuota {
        /// Code of the service.
        pub service_code: String,
        /// ARN.
        pub quota_arn: String,
        /// Code.
        pub quota_code: String,
        /// Name.
        pub quota_name: String,
        /// How much there may be.
        pub value: f64,
        /// `None`: a number of things.
        pub unit: String,
        /// Whether AWS raises it on request.
        pub adjustable: bool,
        /// Whether it is one for all Regions.
        pub global_quota: bool,
        /// Where its use can be read.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub usage_metric: Option<MetricInfo>,
    }
    /// Output of `GetServiceQuota` and `GetAWSDefaultServiceQuota`.
    pub struct GetServiceQuotaOutput {
        /// The quota.
        pub quota: ServiceQuota,
    }
    /// Output of `ListServiceQuotas`.
    pub struct ListServiceQuotasOutput {
        /// By code.
        pub quotas: Vec<ServiceQuota>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
}

/// Dimensions of the usage metric of Fargate's vCPUs (ECS:monitoring-fargate-usage).
pub(crate) const FARGATE_USAGE: [(&str, &str); 4] =
    [("Service", "Fargate"), ("Type", "Resource"), ("Resource", "vCPU"), ("Class", "Standard/OnDemand")];

fn describe(world: &World, known: &Known, value: usize) -> ServiceQuota {
    let metric = (known.service == "fargate").then(|| MetricInfo {
        metric_namespace: "AWS/Usage".to_owned(),
        metric_name: "ResourceCount".to_owned(),
        metric_dimensions: FARGATE_USAGE.iter().map(|&(key, value)| (key.into(), value.into())).collect(),
        metric_statistic_recommendation: "Maximum".to_owned(),
    });
    ServiceQuota {
        service_code: known.service.to_owned(),
        quota_arn: world.arn("servicequotas", &format!("{}/{}", known.service, known.code)),
        quota_code: known.code.to_owned(),
        quota_name: known.name.to_owned(),
        // Quotas are far below what a float holds exactly.
        #[allow(clippy::cast_precision_loss)]
        value: value as f64,
        unit: "None".to_owned(),
        adjustable: true,
        global_quota: false,
        usage_metric: metric,
    }
}

fn applied(world: &World, known: &Known) -> usize {
    *(known.value)(&mut world.quotas.clone())
}

fn find(input: &GetServiceQuotaInput) -> Result<&'static Known, ApiError> {
    let found = KNOWN.iter().find(|it| it.service == input.service_code && it.code == input.quota_code);
    found.ok_or_else(|| {
        let message = "The request failed because the specified quota does not exist.";
        ApiError::new("NoSuchResourceException", message)
    })
}

/// `GetServiceQuota`: what the account has.
///
/// # Errors
/// `NoSuchResourceException`, also for quotas that are not modelled.
pub fn get_service_quota(
    world: &World,
    input: &GetServiceQuotaInput,
) -> Result<GetServiceQuotaOutput, ApiError> {
    let known = find(input)?;
    Ok(GetServiceQuotaOutput { quota: describe(world, known, applied(world, known)) })
}

/// `GetAWSDefaultServiceQuota`: what an account has that asked for nothing.
///
/// # Errors
/// As [`get_service_quota`].
pub fn get_default_service_quota(
    world: &World,
    input: &GetServiceQuotaInput,
) -> Result<GetServiceQuotaOutput, ApiError> {
    let known = find(input)?;
    Ok(GetServiceQuotaOutput { quota: describe(world, known, known.default) })
}

/// `ListServiceQuotas`.
///
/// # Errors
/// `NoSuchResourceException` for a service without modelled quotas; `InvalidPaginationTokenException`.
pub fn list_service_quotas(
    world: &World,
    input: &ListServiceQuotasInput,
) -> Result<ListServiceQuotasOutput, ApiError> {
    let of_service: Vec<&Known> = KNOWN.iter().filter(|it| it.service == input.service_code).collect();
    if of_service.is_empty() {
        let message = "The request failed because the specified service does not exist.";
        return Err(ApiError::new("NoSuchResourceException", message));
    }
    let wanted =
        of_service.into_iter().filter(|it| input.quota_code.as_deref().is_none_or(|code| code == it.code));
    let (quotas, next_token) = page(
        wanted.map(|known| describe(world, known, applied(world, known))),
        input.next_token.as_deref(),
        input.max_results.unwrap_or(100),
        || ApiError::new("InvalidPaginationTokenException", "Invalid input was provided."),
    )?;
    Ok(ListServiceQuotasOutput { quotas, next_token })
}

/// `RequestServiceQuotaIncrease`. AWS decides within minutes to days; here it is granted at once.
///
/// # Errors
/// `NoSuchResourceException`; `IllegalArgumentException` for what is no increase.
pub fn request_increase(
    world: &mut World,
    input: RequestServiceQuotaIncreaseInput,
) -> Result<RequestServiceQuotaIncreaseOutput, ApiError> {
    let RequestServiceQuotaIncreaseInput { service_code, quota_code, desired_value } = input;
    let known =
        find(&GetServiceQuotaInput { service_code: service_code.clone(), quota_code: quota_code.clone() })?;
    let most = f64::from(u32::MAX);
    let present = describe(world, known, applied(world, known)).value;
    if !(desired_value > present && desired_value <= most) {
        let message =
            format!("You must provide a quota value greater than the current quota value {present}.");
        return Err(ApiError::new("IllegalArgumentException", message));
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and u32::MAX")]
    let value = desired_value.ceil() as u32;
    *(known.value)(&mut world.quotas) = usize::try_from(value).unwrap_or(usize::MAX);
    let id = world.rng.hex(32);
    let status = "APPROVED".to_owned();
    let requested_quota = RequestedQuota { id, service_code, quota_code, desired_value, status };
    Ok(RequestServiceQuotaIncreaseOutput { requested_quota })
}
