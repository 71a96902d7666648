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
EXTRA = ["A", "B", "C", "D", "E", "Yes", "No", "Good", "Poor", "Excellent", "Fair", "Bad", "user", "assistant", "system", "score", "image", "text",
         "above", "below", "large", "small", "sharp", "blurry", "noisy", "element", "object", "objects", "photo", "only", "letter", "single",
         "6", "7", "8", "9", "10", "white", "orange", "star", "instructions", "following", "question", "best", "describes", "given"]
