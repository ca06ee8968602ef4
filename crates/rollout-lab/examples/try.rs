use rollout_lab::*;
fn main() {
    let config = env_config::Config::load(std::path::Path::new(".")).unwrap();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let faults = args[1..].iter().map(|f| f.parse().unwrap()).collect();
    let t = std::time::Instant::now();
    let stage = match Stage::set(Case::new_release(config, &args[0], faults)) {
        Ok(s) => s,
        Err(e) => {
            let mut e: &dyn std::error::Error = &e;
            loop {
                println!("{e}");
                match e.source() {
                    Some(n) => e = n,
                    None => break,
                }
            }
            return;
        }
    };
    println!("set {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let alone = stage.play(Watcher::Nobody, None, false).unwrap();
    println!("alone {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let tool = stage.play(Watcher::Tool, None, true).unwrap();
    println!("tool {:?}", t.elapsed());
    println!("{}", report(&tool, &alone.figures, &[]));
    std::fs::write("/tmp/design/try.svg", svg("try", &tool)).unwrap();
}
