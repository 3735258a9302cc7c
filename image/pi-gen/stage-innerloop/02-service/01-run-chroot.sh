systemd-sysusers
systemctl enable innerloop.service innerloop-first-boot.service innerloop-update-boot.service \
	innerloop-update.path innerloop-update-check.timer innerloop-issue.path systemd-timesyncd.service avahi-daemon.service
