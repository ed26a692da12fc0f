/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <stdio.h>

#include "process/mask/mask.h"
#include "random.h"

#define MAX 4096

/* "|" stands for the zero byte between arguments. */
static void assert_becomes(const char *before, const char *after)
{
	size_t len = strlen(before);
	char *args = exact_copy(before, len);
	bool masked;

	for (size_t i = 0; i < len; i++)
		if (args[i] == '|')
			args[i] = '\0';
	len = mask_arguments(args, len, &masked);
	for (size_t i = 0; i < len; i++)
		if (!args[i])
			args[i] = '|';
	if (len != strlen(after) || memcmp(args, after, len))
		fail_msg("%s: %.*s, not %s", before, (int)len, args, after);
	assert_int_equal(masked, strcmp(before, after) != 0);
	free(args);
}

static void assert_stays(const char *args)
{
	assert_becomes(args, args);
}

static void options_with_a_name_for_it(void **state)
{
	(void)state;
	assert_becomes("x|--password=hunter2|-v", "x|--password=***|-v");
	assert_becomes("x|--password|hunter2|-v", "x|--password|***|-v");
	assert_becomes("x|--db-Password|two words", "x|--db-Password|***");
	assert_becomes("x|--api-key|k1|--token=t1",
		       "x|--api-key|**|--token=**");
	assert_becomes("java|-Dssl.keyPass=abcd", "java|-Dssl.keyPass=***");
	assert_becomes("env|PGPASSWORD=abcd|psql", "env|PGPASSWORD=***|psql");
	assert_becomes("env|MYSQL_PWD=abcd|mysql", "env|MYSQL_PWD=***|mysql");
	assert_becomes("openssl|rsa|-passin|pass:abcd",
		       "openssl|rsa|-passin|***");
	assert_becomes("aws|--secret-access-key|abcd",
		       "aws|--secret-access-key|***");
	assert_becomes("curl|--oauth2-bearer|abcd", "curl|--oauth2-bearer|***");
}

static void programs_that_others_start(void **state)
{
	(void)state;
	assert_becomes("sudo|-u|root|mysql|-psecret",
		       "sudo|-u|root|mysql|-p***");
	assert_becomes("docker|exec|-it|db|/bin/mysql|-psecret|zip",
		       "docker|exec|-it|db|/bin/mysql|-p***|zip");
	assert_becomes("env|A=b|curl|-sSu|me:abcd", "env|A=b|curl|-sSu|me:***");
	assert_becomes("ssh|h|sudo mysql -psecret", "ssh|h|sudo mysql -p***");
	/* A database, and a file, of such a name. */
	assert_becomes("mysql|zip|-psecret", "mysql|zip|-p***");
	assert_stays("tar|-xzf|mysql|-C|/tmp");
	assert_stays("ssh|-p|2222|host");
	assert_stays("ps|-eu|root");
}

static void words_without_a_dash(void **state)
{
	(void)state;
	assert_becomes("nmcli|dev|wifi|connect|x|password|abcd",
		       "nmcli|dev|wifi|connect|x|password|***");
	assert_becomes("aws|configure|set|aws_secret_access_key|abcd",
		       "aws|configure|set|aws_secret_access_key|***");
	assert_stays("man|password|abcd");
}

static void letters_of_well_known_programs(void **state)
{
	(void)state;
	assert_becomes("mongosh|-p|abcd", "mongosh|-p|***");
	assert_becomes("snmpget|-v2c|-cabcd|h", "snmpget|-v2c|-c***|h");
	assert_becomes("sqlcmd|-P|abcd", "sqlcmd|-P|***");
	assert_becomes("az|login|-u|u|-p|abcd", "az|login|-u|u|-p|***");
	assert_becomes("keytool|-storepass|abcd", "keytool|-storepass|***");
	assert_becomes("mysql|-psecret|-h|db", "mysql|-p***|-h|db");
	assert_becomes("/usr/bin/mysqldump|-psecret|db",
		       "/usr/bin/mysqldump|-p***|db");
	assert_stays("mysql|-p|database");
	assert_becomes("sshpass|-p|abcd|ssh|h", "sshpass|-p|***|ssh|h");
	assert_becomes("redis-cli|-a|abcd", "redis-cli|-a|***");
	assert_becomes("ldapsearch|-w|abcd|-x", "ldapsearch|-w|***|-x");
	assert_stays("nc|-p|8080|host");
}

static void options_and_words_of_others(void **state)
{
	(void)state;
	assert_becomes("curl|-E|cert.pem:abcd|h", "curl|-E|cert.pem:***|h");
	assert_becomes("curl|--cert|c:abcd|h", "curl|--cert|c:***|h");
	assert_stays("curl|--cert|cert.pem|h");
	assert_becomes("openssl|enc|-aes-256-cbc|-k|abcd|-in|f",
		       "openssl|enc|-aes-256-cbc|-k|***|-in|f");
	assert_becomes("openssl|passwd|-6|abcd", "openssl|passwd|-6|***");
	assert_stays("openssl|s_client|-connect|h:443|-key|k.pem");
	assert_becomes("vault|login|hvs.abcd", "vault|login|***");
	assert_stays("vault|kv|get|secret/x");
	assert_becomes("wpa_passphrase|net|abcd", "wpa_passphrase|net|***");
	assert_becomes("nmcli|c|modify|x|wifi-sec.psk|abcd",
		       "nmcli|c|modify|x|wifi-sec.psk|***");
	assert_becomes("lftp|-u|me,abcd|h", "lftp|-u|me,***|h");
	assert_becomes("plink|-pw|abcd|h", "plink|-pw|***|h");
	assert_becomes("xfreerdp|/u:me|/p:abcd|/v:h",
		       "xfreerdp|/u:me|/p:***|/v:h");
	assert_stays("ls|/p:abcd");
	assert_becomes("rar|a|-hpabcd|x.rar", "rar|a|-hp***|x.rar");
	assert_becomes("rabbitmqctl|-q|add_user|me|abcd",
		       "rabbitmqctl|-q|add_user|me|***");
	assert_stays("rabbitmqctl|list_users|me|abcd");
	assert_becomes("mc|alias|set|s3|http://h|key1|abcd",
		       "mc|alias|set|s3|http://h|***|***");
	assert_becomes("sqlplus|me/abcd@db", "sqlplus|me/***");
	assert_becomes("http|-a|me:abcd|h", "http|-a|me:***|h");
	assert_becomes("kubectl|create|secret|generic|x|--from-literal=k=abcd",
		       "kubectl|create|secret|generic|x|--from-literal=***");
	assert_becomes("tailscale|up|--authkey=abcd",
		       "tailscale|up|--authkey=***");
	assert_becomes("wget|https://h/x?a=b&sig=abcd&c=d",
		       "wget|https://h/x?a=b&sig=***&c=d");
	assert_becomes("x|AccountName=a;AccountKey=abcd",
		       "x|AccountName=a;AccountKey=***");
	assert_becomes("ssh|h|vault login abcd", "ssh|h|vault login ***");
	assert_becomes("dig|-y|hmac-sha256:k:abcd|h", "dig|-y|***|h");
}

static void letters_that_mean_it_sometimes(void **state)
{
	(void)state;
	assert_becomes("docker|login|-u|me|-p|abcd|reg",
		       "docker|login|-u|me|-p|***|reg");
	assert_stays("docker|run|-p|8080:80|image");
	assert_stays("login|-p|abcd");
	assert_becomes("curl|-b|session=abcd|h", "curl|-b|***|h");
	assert_becomes("curl|-bsession=abcd; a=b|h", "curl|-b***|h");
	assert_becomes("curl|--cookie|abcd|h", "curl|--cookie|***|h");
	assert_becomes("mysql|-pab cd|db", "mysql|-p***|db");
	assert_stays("curl|-b|jar.txt|h");
	assert_stays("ping|-b|a=b");
	assert_becomes("htpasswd|-b|file|me|abcd", "htpasswd|-b|file|me|***");
	assert_becomes("htpasswd|-nbB|me|abcd", "htpasswd|-nbB|me|***");
	assert_stays("htpasswd|-B|file|me");
	assert_becomes("xfreerdp|/u:me|/password:abcd|/v:h",
		       "xfreerdp|/u:me|/password:***|/v:h");
	assert_stays("docker|run|-v|/secret:/secret:ro");
	assert_stays("docker|run|-v|/etc/passwd:/x|http://token:80/");
}

/* What an administrator's history has, once more. */
static void options_and_words_of_yet_others(void **state)
{
	(void)state;
	assert_becomes("redis-server|--requirepass|abcd|--port|1",
		       "redis-server|--requirepass|***|--port|1");
	assert_becomes("smbmap|-u|me|-p|abcd|-H|h", "smbmap|-u|me|-p|***|-H|h");
	assert_becomes("fence_ipmilan|-a|h|-l|me|-p|abcd|-o|off",
		       "fence_ipmilan|-a|h|-l|me|-p|***|-o|off");
	assert_becomes("check_http|-H|h|-a|me:abcd",
		       "check_http|-H|h|-a|me:***");
	assert_becomes("transmission-remote|h|-n|me:abcd|-l",
		       "transmission-remote|h|-n|me:***|-l");
	assert_becomes("aws|ssm|put-parameter|--name|n|--value|abcd",
		       "aws|ssm|put-parameter|--name|n|--value|***");
	assert_stays("aws|ec2|describe|--value|abcd");
	assert_becomes("imapsync|--password1|abcd|--password2|abcd",
		       "imapsync|--password1|***|--password2|***");
	assert_becomes("psexec.py|d/me:abcd@h", "psexec.py|d/me:***");
	assert_becomes("wpa_cli|-i|w|set_network|0|psk|abcd",
		       "wpa_cli|-i|w|set_network|0|psk|***");
	assert_becomes("ip|xfrm|state|add|proto|esp|enc|aes|0xab|auth|sha1|0xab",
		       "ip|xfrm|state|add|proto|esp|enc|aes|***|auth|sha1|***");
	assert_becomes("samba-tool|user|create|mysql|abcd",
		       "samba-tool|user|create|mysql|***");
	assert_becomes("radtest|me|abcd|h|0|abcd", "radtest|me|***|h|0|***");
	assert_becomes("keyctl|add|user|name|abcd|@u",
		       "keyctl|add|user|name|***|@u");
	assert_becomes("rman|target|sys/abcd", "rman|target|sys/***");
	assert_becomes("db2|connect|to|db|user|me|using|abcd",
		       "db2|connect|to|db|user|me|using|***");
	assert_becomes("ip|netns|exec|ns|mysql|-pabcd",
		       "ip|netns|exec|ns|mysql|-p***");
	assert_stays("ip|tunnel|add|t|mode|gre|key|5|dev|d");
	assert_stays("docker|exec|-u|root:games|box|sh");
	assert_stays("docker|service|create|--secret|name|image");
	assert_stays("rsync|-avu|h:dir|.");
	assert_stays("rsync|-u|h:dir|.");
	assert_stays("date|-u|+%H:%M");
	assert_stays("openvpn|--auth-user-pass|file");
	assert_stays("certbot|--dns-x-credentials|file");
	assert_becomes("curl|-sSu|me:abcd|h", "curl|-sSu|me:***|h");
}

static void programs_in_a_script(void **state)
{
	(void)state;
	assert_becomes("sh|-c|mysql -pabcd db", "sh|-c|mysql -p*** db");
	assert_becomes("bash|-lc|cd /x; A=b sudo mysqldump -pabcd",
		       "bash|-lc|cd /x; A=b sudo mysqldump -p***");
	assert_becomes("sh|-c|x && docker login -p abcd && docker run -p 80:80",
		       "sh|-c|x && docker login -p *** && docker run -p 80:80");
	assert_becomes("sh|-c|htpasswd -b f me abcd",
		       "sh|-c|htpasswd -b f me ***");
	assert_becomes("sh|-c|rdp /password:abcd /v:h",
		       "sh|-c|rdp /password:*** /v:h");
	assert_stays("git|commit|-m|mysql -pabcd");
	assert_stays("sh|-c|nc -p 8080 h");
}

static void logins(void **state)
{
	(void)state;
	assert_becomes("curl|-u|alice:hunter2|http://h/",
		       "curl|-u|alice:***|http://h/");
	assert_becomes("curl|-ualice:hunter2|h", "curl|-ualice:***|h");
	assert_becomes("curl|--user|alice:hunter2", "curl|--user|alice:***");
	assert_becomes("curl|--proxy-user|a:bcde", "curl|--proxy-user|a:***");
	assert_becomes("smbclient|-U|alice%hunter2", "smbclient|-U|alice%***");
	assert_stays("curl|-u|alice|http://h/");
	assert_stays("docker|run|-u|1000:1000|image");
	assert_becomes("git|clone|https://alice:hunter2@h/x?a:b@c",
		       "git|clone|https://alice:***@h/x?a:b@c");
	assert_becomes("x|-x|socks5h://a:p@ss@h:1080|-v",
		       "x|-x|socks5h://a:***@h:1080|-v");
	assert_becomes("x|--url=postgres://a:bcde@h/db|ftp://c:d@h",
		       "x|--url=postgres://a:***@h/db|ftp://c:*@h");
	assert_stays("x|http://h:8080/a@b|http://[::1]:80/|mailto:a@b");
	assert_stays("ssh|alice@h");
}

static void headers(void **state)
{
	(void)state;
	assert_becomes("curl|-H|Authorization: Bearer abc|h",
		       "curl|-H|Authorization: ***|h");
	assert_becomes("curl|-Hauthorization:Basic abc",
		       "curl|-Hauthorization:***");
	assert_becomes("wget|--header=Proxy-Authorization: Basic abc",
		       "wget|--header=Proxy-Authorization: ***");
	assert_becomes("curl|-H|X-Api-Key: abcd|-H|Cookie: a=b; c=d",
		       "curl|-H|X-Api-Key: ***|-H|Cookie: ***");
	assert_stays("curl|-H|Accept: text/html|http://cookie:80/");
}

static void what_is_inside_of_an_argument(void **state)
{
	(void)state;
	assert_becomes("sh|-c|curl -u a:bcde -H 'Authorization: Bearer x y' h",
		       "sh|-c|curl -u a:*** -H 'Authorization: ***' h");
	assert_becomes("sh|-c|x --password abcd; y --token=abcd z",
		       "sh|-c|x --password *** y --token=*** z");
	assert_becomes("sh|-c|PGPASSWORD=\"a b\" psql -h db",
		       "sh|-c|PGPASSWORD=\"***\" psql -h db");
	assert_becomes(
		"curl|-d|{\"user\":\"a\",\"password\": \"bcde\",\"n\":1}",
		"curl|-d|{\"user\":\"a\",\"password\": \"***\",\"n\":1}");
	assert_becomes("curl|http://h/?access_token=abcd&x=1",
		       "curl|http://h/?access_token=***&x=1");
}

static void what_is_none_stays(void **state)
{
	(void)state;
	assert_stays("");
	assert_stays("|||");
	assert_stays("x|--password");
	assert_stays("x|--no-password|file");
	assert_stays("x|--ask-pass|host|--password-stdin|file");
	assert_stays("x|--password|--verbose");
	assert_stays("x|--bypass=yes|--compass|north|passwd|file");
	assert_stays("gpg|--passphrase-file|/etc/x|--password-file=/etc/x");
	assert_stays("x|--password=|next");
	assert_stays("python3|-c|import time; d = {1: 2}");
}

/* Each of these has no byte outside, is not longer, and is masked for good. */
static void any_bytes_are_safe(void **state)
{
	static const char *const parts[] = {
		"-u",	  "--password", "=",	 ":",  "://",
		"@",	  "'",		"\"",	 " ",  "a",
		"token",  "-p",		"mysql", "%",  "Authorization",
		"/",	  "\xff",	"curl",	 "-b", "htpasswd",
		"docker", "login",	"-c",	 ";",  "-bp",
	};
	bool masked;
	int hits = 0;

	(void)state;
	for (int run = 0; run < 20000; run++) {
		char before[MAX], *args;
		size_t len = 0, n, again;

		for (uint32_t i = below(12); i; i--) {
			const char *part =
				parts[below(sizeof(parts) / sizeof(*parts))];

			memcpy(before + len, part, strlen(part) + 1);
			len += strlen(part) + below(2);
		}
		args = exact_copy(before, len);
		n = mask_arguments(args, len, &masked);
		hits += masked;
		assert_true(n <= len);
		assert_true(masked || (n == len && !memcmp(args, before, n)));
		memcpy(before, args, n);
		again = mask_arguments(args, n, &masked);
		assert_true(again == n && !memcmp(args, before, n));
		free(args);
	}
	assert_in_range(hits, 1000, 19000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_with_a_name_for_it),
		cmocka_unit_test(letters_of_well_known_programs),
		cmocka_unit_test(programs_that_others_start),
		cmocka_unit_test(words_without_a_dash),
		cmocka_unit_test(options_and_words_of_others),
		cmocka_unit_test(options_and_words_of_yet_others),
		cmocka_unit_test(letters_that_mean_it_sometimes),
		cmocka_unit_test(programs_in_a_script),
		cmocka_unit_test(logins),
		cmocka_unit_test(headers),
		cmocka_unit_test(what_is_inside_of_an_argument),
		cmocka_unit_test(what_is_none_stays),
		cmocka_unit_test(any_bytes_are_safe),
	};

	return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
