"""The many ways in which the model is asked. {x} is filled in by questions.py; the first of each list is the plain one."""

SHAPE_ONE = ["What shape is the {x}?", "What is the shape of the {x}?", "Which shape is the {x}?", "Name the shape of the {x}.",
             "Which shape does the {x} have?", "The {x} has what shape?"]
SHAPE_MANY = ["What shape are the {x}?", "What is the shape of the {x}?", "Which shape are the {x}?", "Name the shape of the {x}.",
              "Which shape do the {x} have?"]
COLOUR_ONE = ["What colour is the {x}?", "What color is the {x}?", "What is the colour of the {x}?", "What is the color of the {x}?",
              "Which colour is the {x}?", "Which color does the {x} have?", "Name the color of the {x}."]
COLOUR_MANY = ["What colour are the {x}?", "What color are the {x}?", "What is the colour of the {x}?", "What is the color of the {x}?",
               "Which colour are the {x}?", "Which color do the {x} have?", "Name the color of the {x}."]
COUNT = ["How many {x} are there?", "How many {x} are in the image?", "How many {x} do you see?", "Count the {x}.",
         "How many {x} can be seen?", "What is the number of {x}?", "How many {x} are in the picture?",
         "How many {x} does the image show?"]
DIGITS = [" Answer with a digit.", " Use a digit.", " Answer with a number from 0 to 5."]
NUMBER_WORDS = ["", "", "", " Answer with a word.", " Choose from zero, one, two, three, four, five."]
PRESENT_ONE = ["Is there {x}?", "Is there {x} in the image?", "Do you see {x}?", "Does the image contain {x}?", "Can {x} be seen?",
               "Is there {x} in the picture?", "Does the image show {x}?", "Is {x} present?"]
PRESENT_MANY = ["Are there {x}?", "Are there {x} in the image?", "Do you see {x}?", "Does the image contain {x}?",
                "Are there {x} in the picture?", "Does the image show {x}?", "Can {x} be seen?"]
EXACT_ONE = ["Is there exactly {x}?", "Is there exactly {x} in the image?", "Does the image contain exactly {x}?",
             "Is there just {x}?", "Is the number of {plural} one?"]
EXACT_MANY = ["Are there {x}?", "Are there exactly {x}?", "Are there {x} in the image?", "Does the image contain {x}?", "Do you see {x}?",
              "Are there {x} in the picture?", "Does the image show {x}?", "Is the number of {plural} {number}?"]
PROPERTY_ONE = ["Is the {x} {y}?", "Is the {x} {y} in the image?", "Is the colour of the {x} {y}?", "Does the {x} look {y}?",
                "Is the color of the {x} {y}?", "Is the {x} in the picture {y}?"]
PROPERTY_MANY = ["Are the {x} {y}?", "Are all {x} {y}?", "Is the colour of the {x} {y}?", "Do the {x} look {y}?",
                 "Is the color of the {x} {y}?", "Are the {x} in the picture {y}?"]
FORM_ONE = ["Is the {x} a {y}?", "Does the {x} have the shape of a {y}?", "Is the shape of the {x} a {y}?"]
FORM_MANY = ["Are the {x} {ys}?", "Do the {x} have the shape of a {y}?", "Is the shape of the {x} a {y}?"]
SIDE_OF = ["Is the {x} to the {side} of the {y}?", "Is the {x} {side} of the {y}?", "Is the {x} on the {side} of the {y}?",
           "Does the {x} lie to the {side} of the {y}?"]
WHICH_SIDE = ["Is the {x} to the left or to the right of the {y}?", "On which side of the {y} is the {x}, left or right?",
              "Is the {x} left or right of the {y}?"]
CAPTION = ['Does this figure show "{x}"? Please answer yes or no.', 'Does this image show "{x}"?', 'Does the image match "{x}"?',
           "Does this figure show {x}?", "Does the picture show {x}?", 'Is this an image of "{x}"?',
           'Is "{x}" a correct caption of this image?', 'Does the text "{x}" describe the image?', 'Is the caption "{x}" true?',
           'Does the image match the prompt "{x}"?', "Is it true that the image shows {x}?", "Can you see {x} in this image?",
           'Caption: {x}. Does it match the image?', 'Prompt: "{x}". Does the picture follow the prompt?']
YES_NO = ["", "", "", "", " Please answer yes or no.", " Answer yes or no.", " Yes or no?", " Answer with yes or no.",
          " Answer the question with yes or no.", "\nAnswer yes or no."]
CHOICE = ["", "", "", "", " Answer with one word.", " Choose from {options}.", " Options: {options}.", " Is it {options}?",
          " Answer with one of: {options}.", "\nOptions: {options}"]
LEVEL = ["Rate the quality of this image.", "Rate the quality of the image.", "How would you rate the quality of this image?",
         "How good is the quality of this image?", "What is the quality of this picture?", "Assess the quality of this picture.",
         "Can you rate the quality of this picture?", "Please rate the quality of the image.", "What do you think about the quality of this image?",
         "Judge the visual quality of the image.", "How would you judge the quality of this image?"]
GOOD_POOR = ["Is the quality of this image good or poor?", "Is the quality of this picture good or poor?",
             "Rate the quality of the image. Good or poor?", "Is this image of good or poor quality?",
             "Rate the quality of this image: good or poor?", "Is the quality good or poor?"]
PREFIX = ["Answer:", "The answer is", "The answer is:"]
QUALITY_PREFIX = ["The quality of the image is", "The quality of the image is", "The quality of this image is", "The quality is", "Answer:",
                  "The quality of the picture is", "The answer is"]
DIGIT_LEVEL = ["Rate the quality of this image from 1 (bad) to 5 (excellent).", "On a scale from 1 to 5, how good is the quality of this image?",
               "Score the quality of the image from 1 to 5.", "Rate the quality of this image from 1 to 5, where 5 is the best.",
               "Rate the quality of the image. 1 is bad, 5 is excellent.", "How good is this picture from 1 to 5?"]
DIGIT_LEVEL_REVERSED = ["Rate the quality of this image from 1 (excellent) to 5 (bad).", "Rate the quality of this image from 1 to 5, where 1 is the best.",
                        "Rate the quality of the image. 1 is excellent, 5 is bad."]
DIGIT_ONLY = ["", "", " Answer with a digit.", " Answer with one number.", " Answer with a single digit."]
LETTERED = ["\n{letter}. {option}", " {letter}. {option}", " {letter}: {option}", " ({letter}) {option}"]
LETTER_ENDINGS = ["", "", "\nAnswer with the letter.", "\nAnswer with a letter.", " Which letter?", "\nAnswer with one letter."]
# Said before a question, and more ways to ask, from the second half of training on; the key is a list's first wording.
BEFORE = ["Look at the picture. ", "Look at the image. ", "Question: ", "Look closely. ", "Here is an image. ", "Please answer. ", "You see a picture. ",
          "Answer the question about the image. ", "Answer with one word. ", "Answer briefly. ", "Be careful. "]
MORE = {
    SHAPE_ONE[0]: ["Tell me the shape of the {x}.", "What kind of shape is the {x}?", "What is the {x}?", "What shape does the {x} have?"],
    COLOUR_ONE[0]: ["Tell me the color of the {x}.", "What colour does the {x} have?", "In which colour is the {x} drawn?",
                    "What color would you say the {x} is?"],
    SHAPE_MANY[0]: ["Tell me the shape of the {x}.", "What kind of shape are the {x}?", "What are the {x}?"],
    COLOUR_MANY[0]: ["Tell me the color of the {x}.", "What colour do the {x} have?", "In which colour are the {x} drawn?"],
    COUNT[0]: ["Tell me how many {x} there are.", "Please count the {x}.", "How many {x} are shown here?", "How many {x}?"],
    PRESENT_ONE[0]: ["Is {x} visible?", "Can you find {x}?", "Could you see {x} here?", "Does this picture have {x} in it?", "Is it true that there is {x}?"],
    PRESENT_MANY[0]: ["Are {x} visible?", "Can you find {x}?", "Does this picture have {x} in it?", "Is it true that there are {x}?"],
    EXACT_ONE[0]: ["Is there only {x}?", "Do you count exactly {x}?"],
    EXACT_MANY[0]: ["Do you count {x}?", "Can you find {x}?", "Is it true that there are {x}?", "Are {x} visible?"],
    PROPERTY_ONE[0]: ["Would you say the {x} is {y}?", "Does the {x} have the color {y}?", "Is it true that the {x} is {y}?"],
    PROPERTY_MANY[0]: ["Would you say the {x} are {y}?", "Do the {x} have the color {y}?", "Is it true that the {x} are {y}?"],
    CAPTION[0]: ['Is "{x}" what you see here?', 'Would you caption this image "{x}"?', 'Does this picture fit the words "{x}"?', "Is this a picture of {x}?",
                 'Text: "{x}". Is it true of the image?', 'Does the image agree with "{x}"?'],
}
# Long forms, of the last stage: the words that published protocols and this repository's cards put around a question.
WORDY_YES_NO = ["Answer only with 'yes' or 'no'. Do not give other outputs or punctuation marks. Question: {x}", "{x} Please answer Yes or No.",
                "Question: {x}\nAnswer:", "Answer the following question about the image with yes or no.\n{x}",
                "You are given an image and a question. Answer with yes or no.\nQuestion: {x}", "Based on the image, answer yes or no: {x}"]
WORDY_CHOICE = ["Question: {x}\nChoices: {options}\nAnswer:", "Answer the following question about the image. {x} Choose from: {options}.",
                "{x} Choose one of the following: {options}. Answer with one word only.", "Based on the image, choose the best answer. {x} {options}"]
WORDY_DIGIT = ["Rate the technical quality of this image on a scale from 1 to 5, where 1 is bad and 5 is excellent. Answer with one digit."]
WORDY_DIGIT_REVERSED = ["Rate the technical quality of this image on a scale from 1 to 5, where 1 is excellent and 5 is bad. Answer with one digit."]
WORDY_LETTERED = ["\nAnswer with the option's letter from the given choices directly.\n", "\nAnswer with the option's letter from the given choices directly."]
FILLER = ("this that these those we they you it here there now then very quite just well often and or but with from into over under before after "
          "please kindly consider think know want need find show tell give take make small large photo scene drawing page work day time way part world").split()
EXTRA = ["A", "B", "C", "D", "E", "Yes", "No", "Good", "Poor", "Excellent", "Fair", "Bad", "user", "assistant", "system", "score", "image", "text",
         "above", "below", "large", "small", "sharp", "blurry", "noisy", "element", "object", "objects", "photo", "only", "letter", "single",
         "6", "7", "8", "9", "10", "white", "orange", "star", "instructions", "following", "question", "best", "describes", "given"]
