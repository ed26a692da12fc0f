/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/mask/mask_programs.h"

#include <fnmatch.h>
#include <string.h>

/* Where the value of an option may stand. */
enum place { NEXT, NEXT_OR_JOINED, JOINED };

static const struct {
	const char *program; /* a pattern of fnmatch(3) */
	const char *command; /* NULL: any */
	const char *option;
	enum place place;
	enum secret secret;
} options[] = {
	{ "mysql*", NULL, "-p", JOINED, SECRET_WHOLE },
	{ "mariadb*", NULL, "-p", JOINED, SECRET_WHOLE },
	{ "mongo*", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "cqlsh", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "redis-cli", NULL, "-a", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "rabbitmqadmin", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "influx", NULL, "-t", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "sqlcmd", NULL, "-P", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "bcp", NULL, "-P", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "tsql", NULL, "-P", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "isql", NULL, "-P", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "curl", NULL, "-b", NEXT_OR_JOINED, SECRET_COOKIES },
	{ "curl", NULL, "-E", NEXT_OR_JOINED, SECRET_LOGIN },
	{ "curl", NULL, "--cert", NEXT, SECRET_LOGIN },
	{ "curl", NULL, "--proxy-cert", NEXT, SECRET_LOGIN },
	{ "http", NULL, "-a", NEXT_OR_JOINED, SECRET_LOGIN },
	{ "https", NULL, "-a", NEXT_OR_JOINED, SECRET_LOGIN },
	{ "xh", NULL, "-a", NEXT_OR_JOINED, SECRET_LOGIN },
	{ "ab", NULL, "-A", NEXT_OR_JOINED, SECRET_LOGIN },
	{ "ab", NULL, "-P", NEXT_OR_JOINED, SECRET_LOGIN },
	{ "hey", NULL, "-a", NEXT, SECRET_LOGIN },
	{ "nikto*", NULL, "-id", NEXT, SECRET_LOGIN },
	{ "lftp", NULL, "-u", NEXT_OR_JOINED, SECRET_LOGIN_COMMA },
	{ "ncftp*", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "openssl", NULL, "-k", NEXT, SECRET_WHOLE },
	{ "openssl", NULL, "-K", NEXT, SECRET_WHOLE },
	{ "ssh-keygen", NULL, "-N", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "ssh-keygen", NULL, "-P", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "sshpass", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "ldap*", NULL, "-w", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "kadmin*", NULL, "-w", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "mosquitto_*", NULL, "-P", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "coap-client*", NULL, "-k", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "zip", NULL, "-P", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "unzip", NULL, "-P", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "7z*", NULL, "-p", JOINED, SECRET_WHOLE },
	{ "*rar", NULL, "-p", JOINED, SECRET_WHOLE },
	{ "*rar", NULL, "-hp", JOINED, SECRET_WHOLE },
	{ "ipmitool", NULL, "-P", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "racadm", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "esxcli", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "vmrun", NULL, "-gp", NEXT, SECRET_WHOLE },
	{ "vmrun", NULL, "-vp", NEXT, SECRET_WHOLE },
	{ "snmp*", NULL, "-c", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "snmp*", NULL, "-A", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "snmp*", NULL, "-X", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "dig", NULL, "-y", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "nsupdate", NULL, "-y", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "rdesktop", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "*freerdp*", NULL, "/p:", JOINED, SECRET_WHOLE },
	{ "sipp", NULL, "-ap", NEXT, SECRET_WHOLE },
	{ "swaks", NULL, "-ap", NEXT, SECRET_WHOLE },
	{ "sendxmpp", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "twine", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "useradd", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "usermod", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "evil-winrm", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "crackmapexec", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "netexec", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "nxc", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "hydra", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "medusa", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "impacket-*", NULL, "-hashes", NEXT, SECRET_WHOLE },
	{ "*exec.py", NULL, "-hashes", NEXT, SECRET_WHOLE },
	{ "secretsdump.py", NULL, "-hashes", NEXT, SECRET_WHOLE },
	{ "date", NULL, "-u", NEXT, SECRET_HARMLESS },
	{ "diff", NULL, "-u", NEXT, SECRET_HARMLESS },
	{ "python*", NULL, "-u", NEXT, SECRET_HARMLESS },
	{ "rsync", NULL, "-u", NEXT, SECRET_HARMLESS },
	{ "docker", NULL, "-u", NEXT, SECRET_HARMLESS },
	{ "docker", NULL, "--user", NEXT, SECRET_HARMLESS },
	{ "docker", NULL, "--secret", NEXT, SECRET_HARMLESS },
	{ "podman", NULL, "-u", NEXT, SECRET_HARMLESS },
	{ "podman", NULL, "--user", NEXT, SECRET_HARMLESS },
	{ "podman", NULL, "--secret", NEXT, SECRET_HARMLESS },
	{ "buildah", NULL, "--secret", NEXT, SECRET_HARMLESS },
	{ "openvpn", NULL, "--auth-user-pass", NEXT, SECRET_HARMLESS },
	{ "*vncviewer", NULL, "-passwd", NEXT, SECRET_HARMLESS },
	{ "certbot", NULL, "--dns", JOINED, SECRET_HARMLESS },
	{ "smbmap", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "ipmi*", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "fence_*", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "amtterm", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "check_mysql*", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "check_pgsql", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "check_http", NULL, "-a", NEXT_OR_JOINED, SECRET_LOGIN },
	{ "couchbase-cli", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "cbbackupmgr", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "mqttx", NULL, "-P", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "eapol_test", NULL, "-s", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "sendemail", NULL, "-xp", NEXT, SECRET_WHOLE },
	{ "sendEmail", NULL, "-xp", NEXT, SECRET_WHOLE },
	{ "steghide", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "yt-dlp", NULL, "-p", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "transmission-remote", NULL, "-n", NEXT_OR_JOINED, SECRET_LOGIN },
	{ "swift", NULL, "-K", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "irssi", NULL, "-w", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "netexec", NULL, "-H", NEXT, SECRET_WHOLE },
	{ "nxc", NULL, "-H", NEXT, SECRET_WHOLE },
	{ "openssl", NULL, "-psk", NEXT, SECRET_WHOLE },
	{ "ffmpeg", NULL, "-decryption_key", NEXT, SECRET_WHOLE },
	{ "redis-server", NULL, "--requirepass", NEXT, SECRET_WHOLE },
	{ "redis-server", NULL, "--masterauth", NEXT, SECRET_WHOLE },
	{ "valkey-server", NULL, "--requirepass", NEXT, SECRET_WHOLE },
	{ "valkey-cli", NULL, "-a", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "ldappasswd", NULL, "-a", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "ldappasswd", NULL, "-s", NEXT_OR_JOINED, SECRET_WHOLE },
	{ "aws", NULL, "--secret-string", NEXT, SECRET_WHOLE },
	{ "aws", "put-parameter", "--value", NEXT, SECRET_WHOLE },
	{ "dotnet", "push", "-k", NEXT, SECRET_WHOLE },
	{ "doctl", "init", "-t", NEXT, SECRET_WHOLE },
	{ "docker", "login", "-p", NEXT, SECRET_WHOLE },
	{ "podman", "login", "-p", NEXT, SECRET_WHOLE },
	{ "nerdctl", "login", "-p", NEXT, SECRET_WHOLE },
	{ "buildah", "login", "-p", NEXT, SECRET_WHOLE },
	{ "helm", "login", "-p", NEXT, SECRET_WHOLE },
	{ "az", "login", "-p", NEXT, SECRET_WHOLE },
	{ "oc", "login", "-p", NEXT, SECRET_WHOLE },
};

/* Words that are no options. */
static const struct {
	const char *program;
	const char *command;
	unsigned n; /* 0: each */
	enum secret secret;
} words[] = {
	{ "vault", "login", 0, SECRET_WHOLE },
	{ "openssl", "passwd", 0, SECRET_WHOLE },
	{ "mkpasswd", "", 0, SECRET_WHOLE },
	{ "rclone", "obscure", 1, SECRET_WHOLE },
	{ "wpa_passphrase", "", 2, SECRET_WHOLE },
	{ "radtest", "", 2, SECRET_WHOLE },
	{ "rabbitmqctl", "add_user", 2, SECRET_WHOLE },
	{ "rabbitmqctl", "change_password", 2, SECRET_WHOLE },
	{ "rabbitmqctl", "authenticate_user", 2, SECRET_WHOLE },
	{ "mc", "alias", 4, SECRET_WHOLE },
	{ "mc", "alias", 5, SECRET_WHOLE },
	{ "mc", "add", 3, SECRET_WHOLE },
	{ "mc", "add", 4, SECRET_WHOLE },
	{ "radtest", "", 5, SECRET_WHOLE },
	{ "radclient", "", 3, SECRET_WHOLE },
	{ "samba-tool", "create", 2, SECRET_WHOLE },
	{ "ngrok", "authtoken", 1, SECRET_WHOLE },
	{ "ngrok", "add-authtoken", 1, SECRET_WHOLE },
	{ "cargo", "login", 0, SECRET_WHOLE },
	{ "net", "password", 2, SECRET_WHOLE },
	{ "bw", "login", 2, SECRET_WHOLE },
	{ "bw", "unlock", 1, SECRET_WHOLE },
	{ "keyctl", "add", 3, SECRET_WHOLE },
	{ "virsh", "secret-set-value", 2, SECRET_WHOLE },
	{ "hostapd_cli", "wpa_passphrase", 1, SECRET_WHOLE },
	{ "wpa_cli", "psk", 1, SECRET_WHOLE },
	{ "wpa_cli", "password", 1, SECRET_WHOLE },
	{ "iwconfig", "key", 1, SECRET_WHOLE },
	{ "db2", "using", 1, SECRET_WHOLE },
	{ "ip", "enc", 2, SECRET_WHOLE },
	{ "ip", "auth", 2, SECRET_WHOLE },
	{ "ip", "auth-trunc", 2, SECRET_WHOLE },
	{ "ip", "aead", 2, SECRET_WHOLE },
	{ "deluge-console", "connect", 3, SECRET_WHOLE },
	{ "expdp", "", 1, SECRET_LOGIN_SLASH },
	{ "impdp", "", 1, SECRET_LOGIN_SLASH },
	{ "rman", "target", 1, SECRET_LOGIN_SLASH },
	{ "secretsdump.py", "", 1, SECRET_LOGIN },
	{ "*exec.py", "", 1, SECRET_LOGIN },
	{ "sqlplus", "", 1, SECRET_LOGIN_SLASH },
	{ "impacket-*", "", 1, SECRET_LOGIN },
};

/* "docker exec db mysql -p..." */
static const char *const starters[] = { "buildah", "docker", "ip",
					"nerdctl", "oc",     "podman" };

#define COUNT_OF(list) (sizeof(list) / sizeof(*(list)))

/* Of each program that begins all are asked: the first letter rules out most. */
static bool fits_program(const char *pattern, const char *program)
{
	return (*pattern == '*' || *pattern == *program) &&
	       !fnmatch(pattern, program, 0);
}

enum secret mask_program_option(const char *program, const char *command,
				const char *option, size_t len, size_t *joined)
{
	*joined = 0;
	for (size_t i = 0; i < COUNT_OF(options); i++) {
		size_t own;

		if (!fits_program(options[i].program, program))
			continue;
		own = strlen(options[i].option);
		if (len < own || memcmp(option, options[i].option, own) ||
		    (options[i].command && strcmp(options[i].command, command)))
			continue;
		if (len == own && options[i].place != JOINED)
			return options[i].secret;
		if (len == own || options[i].place == NEXT)
			continue;
		*joined = own;
		return options[i].secret;
	}
	return SECRET_NONE;
}

enum secret mask_program_word(const char *program, const char *command,
			      unsigned n)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if ((!words[i].n || words[i].n == n) &&
		    !strcmp(words[i].command, command) &&
		    fits_program(words[i].program, program))
			return words[i].secret;
	return SECRET_NONE;
}

static bool names_command(const char *command, const char *word, size_t len)
{
	return command && *command && strlen(command) == len &&
	       !memcmp(command, word, len);
}

const char *mask_program_command(const char *program, const char *word,
				 size_t len)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (names_command(options[i].command, word, len) &&
		    fits_program(options[i].program, program))
			return options[i].command;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (names_command(words[i].command, word, len) &&
		    fits_program(words[i].program, program))
			return words[i].command;
	return NULL;
}

bool mask_program_is_known(const char *program)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (fits_program(options[i].program, program))
			return true;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (fits_program(words[i].program, program))
			return true;
	return false;
}

bool mask_program_starts_others(const char *program)
{
	for (size_t i = 0; i < COUNT_OF(starters); i++)
		if (!strcmp(program, starters[i]))
			return true;
	return false;
}
