# SPDX-License-Identifier: MIT
"""What shells read at their start and end, as a new account finds it in its home."""

PROFILE = b"""# ~/.profile: executed by the command interpreter for login shells.
if [ -n "$BASH_VERSION" ]; then
    if [ -f "$HOME/.bashrc" ]; then
\t. "$HOME/.bashrc"
    fi
fi
"""
BASH_LOGOUT = b"""# ~/.bash_logout: executed by bash(1) when login shell exits.

# when leaving the console clear the screen to increase privacy

if [ "$SHLVL" = 1 ]; then
    [ -x /usr/bin/clear_console ] && /usr/bin/clear_console -q
fi
"""
PROFILE_OF_ROOT = b"""# ~/.profile: executed by Bourne-compatible login shells.

if [ "$BASH" ]; then
  if [ -f ~/.bashrc ]; then
    . ~/.bashrc
  fi
fi

mesg n 2> /dev/null || true
"""
BASHRC_OF_ROOT = b"""# ~/.bashrc: executed by bash(1) for non-login shells.

# export LS_OPTIONS='--color=auto'
# alias ls='ls $LS_OPTIONS'
# alias ll='ls $LS_OPTIONS -l'
# alias l='ls $LS_OPTIONS -lA'

# Questions before files are overwritten or removed:
# alias rm='rm -i'
# alias cp='cp -i'
# alias mv='mv -i'
"""
BASHRC = b"""# ~/.bashrc: executed by bash(1) for non-login shells.
case $- in
    *i*) ;;
      *) return;;
esac
HISTCONTROL=ignoreboth
HISTSIZE=1000
alias ll='ls -l'
"""
