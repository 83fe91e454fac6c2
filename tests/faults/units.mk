# The programs of this folder and their files; others are of the model: tests/model/units.mk.
FAULTS_PROGRAMS := deaths flips calls
FAULTS_deaths := $(addprefix faults/,deaths free references contents metadata surroundings inputs maps machine changes)
FAULTS_flips := $(addprefix faults/,flips fields machine changes)
FAULTS_calls := $(addprefix faults/,calls changes) $(addprefix model/,$(OPERATION_UNITS))
