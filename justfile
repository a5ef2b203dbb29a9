# Shortcuts for daily work. Each is one command of `cargo xtask`, which needs nothing but cargo.

# Format the sources.
fmt:
    cargo xtask fmt

# Lint all targets; a warning is an error.
clippy:
    cargo xtask clippy

# Pass everything that a change has to pass.
test:
    cargo xtask test

# Build everything.
build:
    cargo xtask build

# Look for inputs that break a decoder (docs/FUZZING.md).
fuzz *arguments:
    cargo xtask fuzz {{arguments}}

# Show the main job: three peers, two sources, one game fetched and installed.
demo *arguments:
    cargo xtask demo {{arguments}}

# Measure Lanspread beside what people would use instead: `transfer` to one, `swarm` to many.
bench *arguments:
    cargo xtask bench {{arguments}}

# Run whole parties of real peers on virtual machines.
sim *arguments:
    cargo xtask sim {{arguments}}

# Attack a peer in every way there is, and show what each attack cost it.
hostile *arguments:
    cargo xtask hostile {{arguments}}

# Build the page that a peer serves; `check`, `look`, `screenshots` and `dev` do more with it.
page *arguments:
    cargo xtask page {{arguments}}

# Build the desktop window; `check`, `look` and `run` do more with it.
window *arguments:
    cargo xtask window {{arguments}}

# Compile both programs for Windows; `run` lets one of them play a party under Wine.
windows *arguments:
    cargo xtask windows {{arguments}}

# Run the peer alpha, which holds a game, speaking JSON lines on this terminal.
peer-cli-alpha *arguments:
    cargo xtask peer-cli alpha -- {{arguments}}

# Run the peer bravo, which holds the same game.
peer-cli-bravo *arguments:
    cargo xtask peer-cli bravo -- {{arguments}}

# Run the peer charlie, which holds nothing yet.
peer-cli-charlie *arguments:
    cargo xtask peer-cli charlie -- {{arguments}}

# Kill real peers at random moments, and fill their disks, and look what is left.
crash *arguments:
    cargo xtask crash {{arguments}}
