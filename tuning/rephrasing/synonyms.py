"""Words that mean the same in an office, by word class: within a group, each may stand where another stood.

Common English only: no word of an organisation's own belongs here. Words with several meanings are left out, or stand
in a phrase that has but one.
"""

THINGS = """
employee|staff member|team member|member of staff|worker
new employee|new starter|newcomer|new joiner|new hire
colleague|coworker|co-worker
manager|line manager|boss|supervisor
team lead|team leader
head of department|department head|department manager
assistant|aide
contractor|freelancer|external worker
temp|temporary worker|temporary employee
part-timer|part-time employee|part-time worker
applicant|candidate|job seeker
supplier|vendor
customer|client
visitor|guest
administrator|admin
contact person|point of contact
deputy|stand-in|substitute
mentor|buddy
works doctor|company doctor|occupational doctor
lawyer|solicitor|legal adviser
accountant|bookkeeper
caretaker|janitor|building manager
security guard|guard
receptionist|front-desk clerk
company|firm|organisation
department|division
meeting room|conference room
reception desk|front desk
canteen|cafeteria|staff restaurant
car park|parking lot
parking space|parking spot|parking place
storeroom|stockroom|storage room
lift|elevator
toilet|restroom|washroom
warehouse|depot
nursery|creche|day-care centre
emergency exit|fire exit
assembly point|meeting point
laptop|notebook|portable computer
PC|desktop computer
mobile phone|cell phone|smartphone
company phone|work phone
company car|work car
monitor|screen|display
USB stick|memory stick|flash drive
charger|power adapter
docking station|laptop dock
device|gadget
projector|data projector
mailbox|inbox
e-mail|email
attachment|attached file
shared drive|network drive|shared folder
app|software application
password|passphrase
user name|login name|username
software licence|software license
access right|access permission
website|internet site
network|computer network
backup|backup copy
outage|downtime|service interruption
security incident|security breach
phishing e-mail|scam e-mail|phishing message|fraudulent e-mail
virus|piece of malware
badge|access card|ID card|security pass
visitor badge|guest badge|visitor pass
alarm|alert
help desk|service desk|IT support team|support desk
support ticket|service request|help-desk ticket
contract of employment|employment contract|work contract
non-disclosure agreement|confidentiality agreement|NDA
payslip|pay slip|wage slip|salary statement
invoice|bill
receipt|proof of payment
quote|quotation|price offer
purchase order|PO
order number|purchase order number
doctor's note|sick note|medical certificate
letter of reference|letter of recommendation|reference letter
CV|resume
handbook|manual
rule|regulation
rota|shift plan|duty roster
timesheet|time sheet|record of hours
minute-taker|note-taker
contract|agreement
salary|wage
bonus|bonus payment
pay rise|raise|salary increase|pay increase
thirteenth salary|thirteenth month's salary
allowance|expense allowance
daily allowance|per diem|daily rate
mileage allowance|mileage rate|rate per kilometre
limit|upper limit
spending limit|spending cap
fee|charge
discount|price reduction|rebate
deposit|down payment
refund|reimbursement
expense claim|expense report|expenses claim
subsidy|grant
pension plan|pension scheme|retirement plan
credit card|company credit card
benefit|perk
voucher|gift card
gift|present
award|prize
public holiday|bank holiday|national holiday
half day|half a day off
working day|business day|workday
working week|work week
lunch break|midday break
night shift|overnight shift
notice period|period of notice
probation period|trial period|probationary period
deadline|due date|cut-off date|closing date
last day|final day
day off|free day
leave request|holiday request|vacation request|request for leave
trip|journey
business trip|work trip|trip for work
train ticket|rail ticket
hotel room|room in a hotel
taxi|cab
rental car|hire car|rented car
bike|bicycle|push-bike
visa|entry permit
travel agency|travel agent
stopover|layover
trade fair|exhibition|trade show
workshop|seminar
language course|language class
exam|test
skill|ability
appraisal|performance review|performance talk
goal|target|objective
annual review|yearly review|yearly appraisal
annual bonus|yearly bonus
annual budget|yearly budget|budget for the year
job interview|interview
vacancy|open position|job opening
job|position
complaint|grievance
warning|reprimand
first-aid kit|first-aid box
fire extinguisher|extinguisher
fire drill|evacuation drill|fire practice
risk|hazard
emergency number|emergency line
telephone number|phone number|number to call
survey|questionnaire
newsletter|news bulletin
intranet|internal website
bug|defect|fault
spare part|replacement part
warranty|guarantee
parcel|package
delivery|shipment
audit|inspection
question|query
mistake|error
exception|special case
choice|option
""".strip()
"""Nouns with a plural, each written in the singular."""

STUFF = """
annual leave|holiday|vacation|vacation time|paid time off
holidays|vacation days|leave days|days off|days of annual leave
sick leave|sickness absence|leave for illness
parental leave|leave for new parents|baby leave
maternity leave|leave for mothers
paternity leave|leave for fathers
unpaid leave|leave without pay|unpaid time off
compassionate leave|bereavement leave
study leave|educational leave
special leave|extra leave
illness|sickness
overtime|extra work|additional work
flexitime|flexible working time
working hours|work hours|hours of work
office hours|opening hours|opening times
part-time work|part-time employment
remote work|working from home|home office work|teleworking
time recording|time tracking
staff|personnel
HR|human resources
security staff|security guards
travel expenses|travel costs|costs of travel
petty cash|small cash
income tax|tax on income
insurance|insurance cover
health insurance|medical insurance
child benefit|family allowance
childcare|child care
pension contributions|payments into the pension
bank details|account details
VAT|value added tax
sick pay|pay during illness
severance pay|redundancy pay
equipment|gear|kit
stationery|office supplies
protective clothing|safety clothing|safety gear
safety shoes|protective shoes
ear protection|hearing protection
hardware|computer equipment
wifi|wireless internet|wireless network
internet access|access to the internet
remote access|access from outside
personal data|private data|personal information
customer data|client data
sensitive data|confidential data|confidential information
data protection|data privacy|privacy
two-factor authentication|multi-factor authentication|MFA
spam|junk mail|junk e-mail
waste paper|scrap paper
colour printing|printing in colour
permission|consent|approval
authorisation|official approval
help|assistance|support
advice|guidance
feedback|comments
training money|money for training
further training|continuing education|professional development
accommodation|lodging
public transport|buses and trains
commuting|travelling to work
catering|food and drink
refreshments|snacks and drinks
first aid|emergency help
fire safety|fire protection
maintenance|servicing
rubbish|garbage|waste
air conditioning|cooling
""".strip()
"""Nouns without a plural, and plurals: none of them stands after 'a'."""

QUALITIES = """
every day|each day
every week|each week|once a week
every month|each month|once a month
every year|each year|annually|once a year
twice a year|two times a year|every six months|twice each year
twice a month|two times a month
twice a week|two times a week
three times a year|three times each year
every quarter|each quarter|once a quarter
every two years|every second year|every other year
every two weeks|every fortnight|every other week
days a year|days per year|days each year
hours a week|hours per week|hours each week
days a week|days per week|days each week
hours a day|hours per day|hours each day
days a month|days per month|days each month
per person|per head|for each person
per night|for each night
per employee|for each employee|for every employee
at most|at the most|as a maximum
at least|as a minimum
in advance|ahead of time|beforehand
immediately|at once|right away|straight away
as soon as possible|as quickly as possible
on time|punctually
too late|after the deadline
at the weekend|on weekends|on Saturdays and Sundays
at night|during the night
in summer|during the summer
in winter|during the winter
during working hours|while at work
outside working hours|after hours|out of hours
at the end of the year|at year-end
at the end of the month|at month-end
in the first year|during the first year
during probation|in the probation period|in the trial period
abroad|in another country|in a foreign country
on site|on the premises
by e-mail|by email
by phone|by telephone
in writing|in written form
free of charge|for free|at no cost|without charge
expensive|costly|dear
cheap|inexpensive|low-cost
large|big
quick|fast|speedy
ill|sick|unwell
broken|faulty|defective
a lost|a missing|a mislaid
mandatory|compulsory|obligatory
voluntary|optional
confidential|sensitive
private|personal
temporary|short-term
unused|remaining
suspicious|dubious
dangerous|hazardous
urgent|pressing
necessary for|needed for|required for
entitled to|eligible for
responsible for|in charge of|accountable for
in case of|in the event of
because of|due to
with regard to|concerning|regarding
instead of|in place of
reimbursed|refunded|paid back|repaid
approved|signed off|authorised
submitted|handed in|sent in|turned in
requested|asked for|applied for
booked|reserved
bought|purchased
repaired|fixed|mended
replaced|exchanged
cancelled|called off
postponed|moved back
organised|arranged
allowed|permitted
forbidden|banned|prohibited
stored|kept
deleted|erased|wiped
thrown away|thrown out|disposed of
inspected|checked
handled|dealt with|taken care of
chosen|picked|selected
carried over|carried forward|rolled over
extended|prolonged
recorded|logged|noted down
sent back|returned
collected|picked up
filled in|filled out
tested|tried out
updated|brought up to date
restored|recovered|brought back
reviewed|looked over|gone over
recruited|taken on
located|situated
closed|shut
""".strip()
"""Adjectives, adverbs, participles and phrases of time and manner."""

ACTIONS = """
submit|hand in|turn in|send in
request|ask for|apply for
book|reserve
cancel|call off
buy|purchase
return the|give back the|hand back the
return my|give back my|hand back my
collect|pick up
report a|flag a|give notice of a
replace|exchange
repair|fix|mend
contact|get in touch with|speak to
inform|notify
inform my|notify my|tell my
approve|sign off|authorise
check whether|find out whether
check if|find out if
claim expenses|claim back expenses|get back expenses
reimburse|refund|pay back
bear the cost of|pay for|cover the cost of
take annual leave|take holiday|take time off|take vacation|go on leave
work from home|work remotely|work in a home office
work abroad|work from abroad|work from another country
call in sick|report sick|phone in sick|ring in sick
resign|quit|give notice
sign up for|register for|enrol for
take part in|participate in|attend
log in to|sign in to|log on to
log out of|sign out of|log off from
arrange a meeting|set up a meeting|schedule a meeting
arrange|organise
print|print out
fill in|fill out
extend|prolong|lengthen
postpone|put off|push back
reduce|lower|cut
allow|permit
forbid|ban|prohibit
choose|pick|select
decide on|have the final say on|make the decision on
handle|deal with|take care of|see to
delete|erase
dispose of|get rid of|throw away|throw out
lend|loan
rent a car|hire a car
pay into|contribute to
carry over|carry forward|roll over
bring along|take along
enter the building|go into the building|get into the building
leave the building|go out of the building
park my car|leave my car
discuss|talk about|talk over
complain about|make a complaint about
object to|appeal against|contest
back up|make a copy of
restore|recover|bring back
access|get access to|gain access to
view|look at
review|look over|go over
expire|run out|lapse
begin|start
need|require
need to|have to
verify|confirm
supervise|oversee
assist|help
employ|take on
hand over|pass on
open a ticket|raise a ticket|create a ticket
change my password|set a new password
lose my badge|mislay my badge
""".strip()
"""Verbs in their base form, together with what gives them one meaning."""

ASKED = """
how far in advance|how far ahead
how often|how frequently
how quickly|how fast|how soon
what is the maximum number of|what is the highest number of
what is the maximum amount|what is the highest amount|what is the largest amount
what happens if|what happens when|what is done if
what do I do if|what should I do if|what do I have to do if|what must I do if
what do I do when|what should I do when|what do I have to do when
how do I|how can I|how would I|what is the way to
how do we|how can we
how does one|how can one
where do I find|where can I find|where would I find|where do I look for
where do I get|where can I get|from where do I get
where can I see|where do I see
who do I contact about|who can I ask about|who should I talk to about|who do I turn to about
who do I contact|who should I contact|who do I get in touch with
who do I ask|who can I ask|who should I ask
who do I call|who should I call|who do I phone|who do I ring
who do I tell|who should I tell|who do I inform
who is responsible for|who is in charge of|who takes care of|who looks after
who leads|who heads|who runs
who pays for|who bears the cost of|who covers the cost of
who decides|who has the final say
who can help|who could help|who is able to help
may I|can I|am I allowed to
may we|can we|are we allowed to
may employees|can employees|are employees allowed to
do I have to|do I need to|must I|am I obliged to
do we have to|do we need to|must we|are we obliged to
do employees have to|do employees need to|must employees
can I still|may I still|is it still possible to
is it allowed to|is it permitted to|is it OK to
is it possible to|can one
when do I have to|when must I|by when do I have to
when do I get paid|when do I receive my salary|when is my salary paid
what time|at what time
until when|up to when
by when|by what date|before what date
on which day|on what day
how big|how large
how many people|how many persons
how many employees|how many staff members
how much notice|how much warning
is there a|do we have a
is there an|do we have an
are there any|do we have any
does the company pay for|does the company cover|does the firm pay for
do I get|will I get
do employees get|will employees get
am I entitled to|do I have a right to|do I qualify for
""".strip()
"""How questions begin, and other phrases that hold together only as they stand."""

ALSO_VERBS = """
access alert ban benefit book charge contact contest cut email exchange fault fix
grant guarantee help lapse lend lift limit loan lower manual monitor need
permit pick position present print purchase question quote raise rebate refund repair request
reserve review risk screen select start substitute support survey target test view warning
""".strip()
"""Words that are nouns or verbs by what stands before them."""
