use super::*;

fn redactor() -> Redactor {
    Redactor { lengths: BTreeSet::from([32, 40]) }
}

#[test]
fn what_looks_like_a_secret_goes() {
    let hex = "0123456789abcdef".repeat(4);
    let password = "Xk29sLq0ZtWv73BnMpRy61CdFgHj84TuQaEo5wIi";
    let cases = [
        ("caller AKIAIOSFODNN7EXAMPLE denied".to_owned(), "caller [redacted] denied"),
        (format!("key {hex} is bad"), "key [redacted] is bad"),
        ("DB_PASSWORD=hunter2, host=db".to_owned(), "DB_PASSWORD=[redacted], host=db"),
        (r#"{"password": "hunter 2"}"#.to_owned(), r#"{"password": [redacted]}"#),
        ("password: 'hunter 2'".to_owned(), "password: [redacted]"),
        ("connect postgres://app:hunter2@db:5432/x".to_owned(), "connect postgres://[redacted]@db:5432/x"),
        ("Authorization: Bearer abcdefgh.ijk".to_owned(), "Authorization: Bearer [redacted]"),
        (format!("auth failed for {password}"), "auth failed for [redacted]"),
    ];
    for (text, expected) in cases {
        assert_eq!(redactor().text(&text), expected, "{text}");
    }
}

#[test]
fn what_identifies_something_stays() {
    let digest = format!("repository@sha256:{}", "ab".repeat(32));
    for text in [
        digest.as_str(),
        "commit bc41274c809da39c9a7dc3dde9e6f39f0f471f01",
        "task db20290ac13e4a81d80391ffb30d1390 stopped",
        "arn:aws:ecs:us-west-2:1:service-deployment/app-staging/api/AbCdEf0123456789AbCdE",
        "unable to pull secrets or registry auth: unable to retrieve secret from asm: timed out",
        "failed to fetch secret arn:aws:secretsmanager:us-west-2:1:secret:app/db-Ab12Cd from secrets manager",
        "https://example.com/api/health: healthy",
    ] {
        assert_eq!(redactor().text(text), text);
    }
}

/// One secret of each kind within what programs write; no part of the secret may stay.
/// Built at run time, so that no scanner for secrets takes this file for a leak.
fn corpus() -> Vec<(String, String)> {
    let letters = "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3".to_owned();
    let jwt = format!("eyJ{}.eyJ{}.{}", &letters[..20], &letters[..24], &letters[..30]);
    let secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned();
    let mut all = Vec::new();
    for prefix in [
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "xoxb-",
        "xoxp-",
        "xapp-",
        "glpat-",
        "npm_",
        "sk_live_",
    ] {
        let token = format!("{prefix}{letters}");
        for text in [
            format!("push failed for {token}"),
            format!("[{token}]"),
            format!("remote=https://{token}@git.example.com/x"),
        ] {
            all.push((text, token.clone()));
        }
    }
    all.push((format!("session {jwt} expired"), jwt.clone()));
    all.push((format!("jwt={jwt}; path=/"), jwt));
    for text in [
        format!("key {secret_key} rejected"),
        format!("\"{secret_key}\""),
        format!("AWS_SECRET_ACCESS_KEY={secret_key}"),
    ] {
        all.push((text, secret_key.clone()));
    }
    for (text, secret) in [
        ("Cookie: sid=hunter2; theme=dark", "hunter2"),
        ("set-cookie: sid=hunter2; Path=/; HttpOnly", "hunter2"),
        ("{\"cookie\":\"theme=dark; sid=hunter2\"}", "hunter2"),
        ("mysqldump --password hunter2 db", "hunter2"),
        ("tool --api-key 'hunter 2' run", "hunter 2"),
        ("tool --db-password=hunter2 run", "hunter2"),
        ("tool --auth-token hunter2", "hunter2"),
        ("MYSQL_PWD=hunter2 mysql", "hunter2"),
        ("PGPASSWORD=hunter2 psql", "hunter2"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ("postgres://app:hun/ter2@db:5432/x", "ter2"),
        ("postgres://app:hun@ter2@db:5432/x", "ter2"),
        ("ASIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
        ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----", "hunter2"),
        ("PGP: -----BEGIN PRIVATE KEY----- hunter2", "hunter2"),
    ] {
        all.push((text.to_owned(), secret.to_owned()));
    }
    all
}

#[test]
fn no_kind_of_token_stays() {
    let kept: Vec<_> = corpus()
        .into_iter()
        .map(|(text, secret)| (Redactor::default().text(&text).into_owned(), secret))
        .filter(|(text, secret)| text.contains(secret.as_str()) || !text.contains(REDACTED))
        .collect();
    assert!(kept.is_empty(), "{kept:#?}");
}

#[test]
fn what_only_resembles_a_token_stays() {
    for text in [
        "GET https://example.com:8443/users/@me",
        "pull 123456789012.dkr.ecr.us-west-2.amazonaws.com/shop/api@sha256",
        "/srv/App1/Source2/Main3/Module4/File5.rs",
        "the cookie jar is empty",
        "give --password, or --token",
        "xoxo, ghp_ and eyJ are prefixes",
        "PWD=/srv/app",
    ] {
        assert_eq!(Redactor::default().text(text), text);
    }
}
