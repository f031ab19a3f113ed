//! Examples of each command, for `--help` and the manual page.

/// The command's path, and lines for a shell.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "doorward init",
            "doorward user add ada --email ada@example.com --role admin",
            "doorward --config /etc/app/doorward.json doctor",
        ],
    ),
    ("init", &["doorward init", "doorward init --store sqlite:/var/lib/app/app.db"]),
    (
        "user add",
        &[
            "doorward user add ada --email ada@example.com --role admin",
            "doorward user add bob --email bob@example.com < password.txt",
        ],
    ),
    (
        "user list",
        &[
            "doorward user list --role admin",
            "doorward user list --locked",
            "doorward user list --disabled --json",
        ],
    ),
    (
        "user search",
        &[
            "doorward user search ada",
            "doorward user search ada@example.com --json",
            "doorward user search hr- --role editor",
        ],
    ),
    ("user show", &["doorward user show ada", "doorward user show ada@example.com --json"]),
    (
        "user set",
        &[
            "doorward user set ada --email ada@example.org",
            "doorward user set ada --must-change-password true",
        ],
    ),
    ("user verify-email", &["doorward user verify-email ada", "doorward user verify-email ada --reclaim"]),
    ("user unlock", &["doorward user unlock ada"]),
    ("user lock", &["doorward user lock ada --reason 'the laptop was stolen'"]),
    (
        "user remove-second-factors",
        &["doorward user remove-second-factors ada --reason 'lost the phone; passport seen'"],
    ),
    ("user disable", &["doorward user disable ada"]),
    ("user enable", &["doorward user enable ada"]),
    ("user roles", &["doorward user roles ada", "doorward user roles ada --add editor --remove admin"]),
    ("user delete", &["doorward user delete ada", "doorward user delete ada --yes"]),
    ("user export", &["doorward user export ada > ada.json"]),
    (
        "password reset",
        &[
            "doorward password reset ada",
            "doorward password reset ada < password.txt",
            "doorward password reset ada --mail",
        ],
    ),
    ("session list", &["doorward session list ada"]),
    ("service-account create", &["doorward service-account create nightly-report --role reader"]),
    (
        "api-key create",
        &[
            "doorward api-key create nightly-report --name cron --scope read --days 365",
            "doorward api-key create ada --name laptop --role reader",
        ],
    ),
    ("api-key list", &["doorward api-key list nightly-report"]),
    ("api-key revoke", &["doorward api-key revoke 01965c3e-0000-7000-8000-000000000000"]),
    (
        "session revoke",
        &[
            "doorward session revoke 01965c3e-0000-7000-8000-000000000000",
            "doorward session revoke --user ada",
            "doorward session revoke --all",
        ],
    ),
    ("keys list", &["doorward keys list", "doorward keys list --json"]),
    ("keys new-secret", &["doorward keys new-secret /etc/app/2027.key"]),
    (
        "keys rotate",
        &[
            "doorward keys rotate",
            "doorward keys rotate --backend admin",
            "doorward keys rotate --retire-now --secret-key-file new.key --secret-key-file old.key",
        ],
    ),
    ("settings", &["doorward settings", "doorward settings --json"]),
    (
        "settings adopt",
        &[
            "doorward --config /etc/app/doorward.json settings adopt --dry-run",
            "doorward --config /etc/app/doorward.json settings adopt",
        ],
    ),
    (
        "events",
        &[
            "doorward events --user ada",
            "doorward events --kind login_failed --json",
            "doorward events --since 2h --ip 203.0.113.7",
            "doorward events --last 20 --follow",
        ],
    ),
    ("events verify", &["doorward events verify"]),
    ("stats", &["doorward stats", "doorward stats --prometheus > /var/lib/node_exporter/doorward.prom"]),
    (
        "import",
        &[
            "doorward import users.ndjson --dry-run",
            "doorward import users.ndjson --on-conflict skip",
            "zcat users.ndjson.gz | doorward import -",
        ],
    ),
    ("export", &["doorward export > users.ndjson"]),
    (
        "breached build",
        &[
            "doorward breached build pwnedpasswords.txt /var/lib/app/breached.filter",
            "doorward breached build --bits 8 --min-count 10 - breached.filter < pwnedpasswords.txt",
            "doorward breached build --own-list ours.txt breached.filter",
        ],
    ),
    ("backup", &["doorward backup /backup/app.db", "doorward backup /backup/app.db --verify"]),
    ("restore", &["doorward restore /backup/app.db", "doorward restore /backup/app.db --end-all-sessions"]),
    ("maintain", &["doorward maintain", "doorward maintain --budget-ms 1000"]),
    ("doctor", &["doorward doctor", "doorward --config /etc/app/doorward.json doctor --json"]),
    ("migrate", &["doorward migrate --from sqlite:/var/lib/app/app.db --to @/etc/app/store-url"]),
    ("migrate-schema", &["doorward --config /etc/app/doorward.json migrate-schema"]),
    (
        "call",
        &[
            r#"doorward call get_user '{"query": "ada"}'"#,
            "doorward call login - < request.json",
            "doorward call doctor",
        ],
    ),
    (
        "completion",
        &["doorward completion bash > /etc/bash_completion.d/doorward", "doorward completion zsh"],
    ),
];

/// Returns the examples of the command with this path.
pub fn examples(path: &str) -> Option<&'static [&'static str]> {
    EXAMPLES.iter().find(|(of, _)| *of == path).map(|(_, lines)| *lines)
}

/// Returns the last part of `--help`.
pub fn after_help(path: &str) -> Option<String> {
    examples(path).map(|lines| format!("Examples:\n  {}", lines.join("\n  ")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;

    use super::EXAMPLES;

    /// Collects the paths of all commands that run something.
    fn leaves(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
        for child in command.get_subcommands().filter(|child| !child.is_hide_set()) {
            let path = format!("{path} {}", child.get_name()).trim_start().to_owned();
            leaves(child, &path, found);
            if !child.has_subcommands() || !child.is_subcommand_required_set() {
                found.insert(path);
            }
        }
    }

    #[test]
    fn every_command_has_some() {
        let mut commands = BTreeSet::from([String::new()]);
        leaves(&crate::line(), "", &mut commands);
        let with: BTreeSet<String> = EXAMPLES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(commands, with);
    }

    /// Each example, parsed as by a shell, is a valid line of its command.
    #[test]
    fn they_are_command_lines() {
        for (path, line) in
            EXAMPLES.iter().flat_map(|(path, lines)| lines.iter().map(move |line| (path, line)))
        {
            let command = line.split(['<', '>']).next().unwrap();
            let script = format!("zcat() {{ :; }}; doorward() {{ printf '%s\\n' \"$@\"; }}; {command}");
            let words = Command::new("sh").args(["-c", &script]).output().unwrap().stdout;
            let words = String::from_utf8(words).unwrap();
            let parsed = crate::line().try_get_matches_from(["doorward"].into_iter().chain(words.lines()));
            let parsed = parsed.unwrap_or_else(|error| panic!("{line}: {error}"));
            let mut is = Vec::new();
            let mut at = &parsed;
            while let Some((name, below)) = at.subcommand() {
                is.push(name);
                at = below;
            }
            assert!(path.is_empty() || is.join(" ") == *path, "{line}");
        }
    }
}
