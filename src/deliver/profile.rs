//! The files in which the tools of AWS keep keys and settings (AWS CLI user guide, "Configuration and credential file settings"),
//! as far as what is asked for stands in them.

use std::path::PathBuf;

use ini::{Ini, ParseOption};
use object_store::aws::AmazonS3ConfigKey;

/// What a profile says.
#[derive(Debug, Default)]
pub(super) struct Profile {
    /// Settings, keys among them.
    pub(super) settings: Vec<(AmazonS3ConfigKey, String)>,
    /// It has no keys, but says how to come by some in a way that is not known here: the name of the setting.
    pub(super) other_way: Option<String>,
}

/// What leads to keys by another program or another account.
const OTHER_WAYS: [&str; 4] = ["credential_process", "role_arn", "sso_session", "sso_start_url"];

/// Reads the profile that the environment names, else `default`. `variable` asks the environment. `Err`: what is wrong with a
/// file; what stands in it is not repeated.
pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Profile, String> {
    let named = variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE"));
    let name = named.as_deref().unwrap_or("default");
    let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
    let file = |set: &str, ours: &str| variable(set).map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(".aws").join(ours)));
    let mut profile = Profile::default();
    let mut found = false;
    let in_config = if name == "default" { "default".to_owned() } else { format!("profile {name}") };
    for (path, section) in
        [(file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), name.to_owned()), (file("AWS_CONFIG_FILE", "config"), in_config)]
    {
        let Some(path) = path.filter(|path| path.exists()) else { continue };
        let option = ParseOption { enabled_quote: false, enabled_escape: false, ..ParseOption::default() };
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        let ini = Ini::load_from_str_opt(&text, option)
            .map_err(|error| format!("{}:{}: this line cannot be read", path.display(), error.line))?;
        let Some(section) = ini.section(Some(section)) else { continue };
        found = true;
        for (key, setting) in [
            ("aws_access_key_id", AmazonS3ConfigKey::AccessKeyId),
            ("aws_secret_access_key", AmazonS3ConfigKey::SecretAccessKey),
            ("aws_session_token", AmazonS3ConfigKey::Token),
            ("region", AmazonS3ConfigKey::Region),
            ("endpoint_url", AmazonS3ConfigKey::Endpoint),
        ] {
            let known = profile.settings.iter().any(|(known, _)| *known == setting);
            if let Some(value) = section.get(key).map(str::trim).filter(|value| !value.is_empty() && !known) {
                profile.settings.push((setting, value.to_owned()));
            }
        }
        let other = OTHER_WAYS.iter().find(|way| section.contains_key(**way));
        profile.other_way = profile.other_way.take().or_else(|| other.map(|way| (*way).to_owned()));
    }
    if profile.settings.iter().any(|(key, _)| *key == AmazonS3ConfigKey::SecretAccessKey) {
        profile.other_way = None;
    }
    match named {
        Some(name) if !found => Err(format!("AWS_PROFILE names the profile `{name}`, and there is none of that name")),
        _ => Ok(profile),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn profile(credentials: &str, config: &str, name: Option<&str>) -> Result<Profile, String> {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir(home.path().join(".aws")).expect("a folder");
        for (file, text) in [("credentials", credentials), ("config", config)] {
            if !text.is_empty() {
                fs::write(home.path().join(".aws").join(file), text).expect("a file");
            }
        }
        read(|variable| match variable {
            "HOME" => Some(home.path().to_string_lossy().into_owned()),
            "AWS_PROFILE" => name.map(str::to_owned),
            _ => None,
        })
        .map_err(|error| error.replace(&*home.path().to_string_lossy(), "HOME"))
    }

    fn settings(profile: &Profile) -> Vec<(&str, &str)> {
        profile.settings.iter().map(|(key, value)| (key.as_ref(), value.as_str())).collect()
    }

    const CREDENTIALS: &str = "# keys\n[default]\naws_access_key_id = one\naws_secret_access_key=a/b+c=\\#\n[news]\naws_access_key_id = two\naws_secret_access_key = \"three\"\naws_session_token = four\n";
    const CONFIG: &str = "[default]\nregion = eu-west-1\ns3 =\n  max_concurrent_requests = 20\n[profile news]\nregion = auto\nendpoint_url = https://r2.example/\n[profile company]\nsso_session = it\nregion = us-east-2\n";

    #[test]
    fn a_profile_is_put_together_from_both_files() {
        let default = profile(CREDENTIALS, CONFIG, None).expect("a profile");
        let expected = [("aws_access_key_id", "one"), ("aws_secret_access_key", "a/b+c=\\#"), ("aws_region", "eu-west-1")];
        assert_eq!(settings(&default), expected);
        let news = profile(CREDENTIALS, CONFIG, Some("news")).expect("a profile");
        assert_eq!(
            settings(&news)[1..],
            [
                ("aws_secret_access_key", "\"three\""),
                ("aws_session_token", "four"),
                ("aws_region", "auto"),
                ("aws_endpoint", "https://r2.example/"),
            ]
        );
    }

    #[test]
    fn what_is_not_there_or_leads_elsewhere_is_told() {
        let company = profile(CREDENTIALS, CONFIG, Some("company")).expect("a profile");
        assert_eq!(company.other_way.as_deref(), Some("sso_session"));
        assert_eq!(settings(&company), [("aws_region", "us-east-2")]);
        assert!(settings(&profile("", "", None).expect("none")).is_empty());
        let error = |credentials, name| profile(credentials, "", name).expect_err("an error");
        assert_eq!(error("", Some("news")), "AWS_PROFILE names the profile `news`, and there is none of that name");
        assert_eq!(error("# keys\n[default\nx = y\n", None), "HOME/.aws/credentials:4: this line cannot be read");
    }
}
